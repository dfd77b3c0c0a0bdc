import styles from "./Meter.module.css";

/** How much of something is used or done. */
export function Meter({ label, value, max, tone = "ok" }: { label: string; value: number; max: number; tone?: "ok" | "warn" | "bad" | "salesforce" }) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <span className={styles.meter} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={max} aria-valuenow={Math.min(value, max)}>
      <span className={styles.bar} data-tone={tone} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
