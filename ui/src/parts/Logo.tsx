import styles from "./Logo.module.css";

/** Two voices that meet. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg className={styles.logo} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path className={styles.salesforce} d="M5 6h9a8 8 0 0 1 0 20H5z" />
      <path className={styles.postgres} d="M27 26h-9a8 8 0 0 1 0-20h9z" />
    </svg>
  );
}
