import { diffChars, diffWordsWithSpace } from "diff";
import { useMemo } from "react";
import type { FieldValue } from "@/api/types";
import styles from "./Value.module.css";

// Longer texts are shown without marks: a diff of two strangers says nothing and takes long.
const DIFF_LIMIT = 8_000;
const LONG_TEXT = 60;

/** Characters that would change how the text beside them reads: controls, and marks that turn the direction of writing. */
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Text with its invisible characters made visible, so that no value can pass for another. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (c) => `\u2423U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u2423`);
}

export function textOf(value: FieldValue): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function sameValue(a: FieldValue, b: FieldValue): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}

/** A field's value: data, never markup. With `against`, what differs from it is marked. */
export function Value({ value, against, clamp = false }: { value: FieldValue; against?: FieldValue; clamp?: boolean }) {
  if (value === undefined) return <span className={styles.special}>not known</span>;
  if (value === null) return <span className={styles.special}>empty</span>;
  if (typeof value === "string" && typeof against === "string" && value !== against) return <Diff from={against} to={value} clamp={clamp} />;
  const text = typeof value === "boolean" ? (value ? "Yes" : "No") : visible(textOf(value));
  return (
    <bdi className={`${styles.value} ${typeof value === "number" ? styles.number : ""} ${clamp ? styles.clamp : ""}`} title={clamp ? text : undefined}>
      {text}
    </bdi>
  );
}

function Diff({ from, to, clamp }: { from: string; to: string; clamp: boolean }) {
  const parts = useMemo(() => {
    if (from.length + to.length > DIFF_LIMIT) return null;
    const words = from.length > LONG_TEXT || to.length > LONG_TEXT;
    const found = words ? diffWordsWithSpace(from, to) : diffChars(from, to);
    const kept = found.filter((part) => !part.added && !part.removed).reduce((sum, part) => sum + part.value.length, 0);
    // Texts with little in common are read faster without marks.
    return kept * 3 < Math.max(from.length, to.length) ? null : found;
  }, [from, to]);
  const classes = `${styles.value} ${clamp ? styles.clamp : ""}`;
  if (!parts) return <bdi className={classes}>{visible(to)}</bdi>;
  return (
    <bdi className={classes}>
      {parts.map((part, at) => {
        if (part.removed) return to.length > LONG_TEXT ? <del key={at}>{visible(part.value)}</del> : null;
        return part.added ? <ins key={at}>{visible(part.value)}</ins> : <span key={at}>{visible(part.value)}</span>;
      })}
    </bdi>
  );
}
