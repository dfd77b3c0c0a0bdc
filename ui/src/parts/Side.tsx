import { Cloud, Database, Equal } from "@/parts/icons";
import type { Side } from "@/api/types";
import styles from "./Side.module.css";

export const SIDE_NAMES: Record<Side, string> = { salesforce: "Salesforce", postgres: "PostgreSQL" };

/** The name of a side in its colour and with its sign. */
export function SideName({ side, short = false }: { side: Side | "base"; short?: boolean }) {
  const Icon = side === "salesforce" ? Cloud : side === "postgres" ? Database : Equal;
  return (
    <span className={`${styles.side} ${styles[side]}`}>
      <Icon size={13} strokeWidth={2.2} aria-hidden="true" />
      {side === "base" ? "Base" : short && side === "postgres" ? "Postgres" : SIDE_NAMES[side]}
    </span>
  );
}
