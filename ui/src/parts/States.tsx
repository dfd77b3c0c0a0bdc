import { CircleAlert, type Icon } from "@/parts/icons";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { Button } from "./Button";
import styles from "./States.module.css";

/** Where there is nothing, and why that may be good. */
export function Empty({ icon: Icon, title, children }: { icon?: Icon; title: string; children?: ReactNode }) {
  return (
    <div className={styles.state}>
      {Icon && <Icon size={26} strokeWidth={1.5} aria-hidden="true" />}
      <p className={styles.title}>{title}</p>
      {children && <div className="muted">{children}</div>}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : new ApiError(0, "bug", "Something in the dashboard broke", String(error));
  return (
    <div className={styles.state} role="alert">
      <CircleAlert size={26} strokeWidth={1.5} aria-hidden="true" className={styles.bad} />
      <p className={styles.title}>{known.message}</p>
      {known.hint && <p className="muted">{known.hint}</p>}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Grey lines while something loads; they show only when it takes a moment. */
export function Loading({ lines = 4, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.loading} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className={styles.line} />
      ))}
    </div>
  );
}
