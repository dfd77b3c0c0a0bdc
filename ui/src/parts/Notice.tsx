import { CircleCheck, Info, TriangleAlert } from "@/parts/icons";
import type { ReactNode } from "react";
import styles from "./Notice.module.css";

const ICONS = { ok: CircleCheck, warn: TriangleAlert, info: Info };

export function Notice({ tone, title, children, action }: { tone: "ok" | "warn" | "info"; title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={styles.notice} data-tone={tone} role={tone === "warn" ? "alert" : undefined}>
      <Icon size={16} aria-hidden="true" />
      <div className={styles.text}>
        <p className={styles.title}>{title}</p>
        {children && <div className="muted">{children}</div>}
      </div>
      {action}
    </div>
  );
}
