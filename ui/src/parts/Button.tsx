import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import styles from "./Button.module.css";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: "primary" | "plain" | "quiet" | "danger" | "salesforce" | "postgres";
  size?: "small" | "normal";
  icon?: ReactNode;
  busy?: boolean;
  shortcut?: string;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ look = "plain", size = "normal", icon, busy = false, shortcut, children, className, disabled, ...rest }: Props) {
  const classes = [styles.button, styles[look], styles[size], children ? "" : styles.iconOnly, className].filter(Boolean).join(" ");
  return (
    <button type="button" className={classes} disabled={disabled || busy} aria-busy={busy || undefined} aria-keyshortcuts={shortcut} {...rest}>
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon}
      {children}
      {shortcut && <kbd className={styles.shortcut} aria-hidden="true">{shortcut}</kbd>}
    </button>
  );
}
