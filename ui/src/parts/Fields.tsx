import { Search } from "@/parts/icons";
import type { InputHTMLAttributes, ReactNode, Ref, SelectHTMLAttributes } from "react";
import styles from "./Fields.module.css";

/** A select with its name inside the box: `Kind: any`. */
export function Select({ label, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { label: string }) {
  return (
    <label className={styles.select} data-set={rest.value ? "" : undefined}>
      <span>{label}</span>
      <select {...rest}>{children}</select>
    </label>
  );
}

export function SearchField({ label, ref, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; ref?: Ref<HTMLInputElement> }) {
  return (
    <label className={styles.search}>
      <Search size={14} aria-hidden="true" />
      <span className="visually-hidden">{label}</span>
      <input ref={ref} type="search" placeholder={label} spellCheck={false} autoComplete="off" {...rest} />
    </label>
  );
}

export function TextField({ label, hint, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: ReactNode }) {
  return (
    <label className={styles.field}>
      {label}
      <input {...rest} />
      {hint && <span className={styles.hint}>{hint}</span>}
    </label>
  );
}

export function SelectField({ label, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { label: string }) {
  return (
    <label className={styles.field}>
      {label}
      <select {...rest}>{children}</select>
    </label>
  );
}

/** One of a few, all visible. */
export function Segmented<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: { value: T; label: ReactNode }[]; onChange: (value: T) => void }) {
  return (
    <div className={styles.segmented} role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} className={styles.segment}>
          <input type="radio" name={label} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}
