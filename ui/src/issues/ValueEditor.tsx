import { type KeyboardEvent, useId, useState } from "react";
import type { FieldValue, IssueField } from "@/api/types";
import { Button } from "@/parts/Button";
import { textOf } from "@/parts/Value";
import { parseEdited } from "./decision";
import styles from "./ValueEditor.module.css";

const ONE_LINE = 60;

/** A value of one's own; Enter takes it, Escape leaves. */
export function ValueEditor({ field, initial, onSave, onCancel }: { field: IssueField; initial: FieldValue; onSave: (value: FieldValue) => void; onCancel: () => void }) {
  const [text, setText] = useState(textOf(initial));
  const hint = useId();
  const value = parseEdited(text, field);
  const bad = value === undefined;
  const boolean = [field.salesforce, field.postgres, field.base].some((each) => typeof each === "boolean");
  const long = text.length > ONE_LINE || text.includes("\n");
  const shared = { value: text, autoFocus: true, "aria-label": `Value of ${field.name}`, "aria-invalid": bad, "aria-describedby": hint };

  function onKey(event: KeyboardEvent) {
    if (event.key === "Escape") onCancel();
    if (event.key === "Enter" && !event.shiftKey && !bad) {
      event.preventDefault();
      onSave(value);
    }
  }

  return (
    <div className={styles.editor} onKeyDown={onKey}>
      {boolean ? (
        <select {...shared} onChange={(event) => setText(event.target.value)}>
          <option value="">empty</option>
          <option value="true">Yes</option>
          <option value="false">No</option>
        </select>
      ) : long ? (
        <textarea {...shared} rows={5} onChange={(event) => setText(event.target.value)} />
      ) : (
        <input {...shared} onChange={(event) => setText(event.target.value)} />
      )}
      <small id={hint} className={bad ? styles.bad : "faint"}>{bad ? "This field holds a number." : text.trim() === "" ? "The field becomes empty." : long ? "Shift+Enter for a new line" : ""}</small>
      <span className={styles.buttons}>
        <Button size="small" look="primary" disabled={bad} onClick={() => onSave(value)}>Take it</Button>
        <Button size="small" onClick={onCancel}>Cancel</Button>
      </span>
    </div>
  );
}
