import type { ReactNode } from "react";
import styles from "./Pill.module.css";

export type Tone = "ok" | "warn" | "bad" | "info" | "neutral" | "salesforce" | "postgres";

/** A short state. The text says it; the colour only repeats it. */
export function Pill({ tone = "neutral", dot = false, children, title }: { tone?: Tone; dot?: boolean; children: ReactNode; title?: string }) {
  return (
    <span className={`${styles.pill} ${styles[tone]}`} title={title}>
      {dot && <span className={styles.dot} aria-hidden="true" />}
      {children}
    </span>
  );
}
