import type { Issue } from "@/api/types";
import { Button } from "@/parts/Button";
import { SIDE_NAMES } from "@/parts/Side";
import { count } from "@/parts/format";
import { type Choices, isComplete, type Source, writesOf } from "./decision";
import styles from "./DecisionBar.module.css";

type Props = { issue: Issue; choices: Choices; busy: boolean; canUse: (source: Source) => boolean; onUse: (source: Source) => void; onApply: () => void; onClear: () => void };

/** One click for everything, or what was chosen field by field. */
export function DecisionBar({ issue, choices, busy, canUse, onUse, onApply, onClear }: Props) {
  const chosen = issue.fields.filter((field) => choices[field.name]).length;
  if (chosen === 0) {
    const several = issue.fields.length > 1;
    return (
      <div className={styles.bar}>
        <span className="muted">{several ? "For all fields, or choose field by field above" : "One click, or choose above"}</span>
        <span className={styles.buttons}>
          <Button look="salesforce" shortcut="s" disabled={!canUse("salesforce")} busy={busy} onClick={() => onUse("salesforce")}>Use Salesforce</Button>
          <Button look="postgres" shortcut="p" disabled={!canUse("postgres")} busy={busy} onClick={() => onUse("postgres")}>Use PostgreSQL</Button>
          <Button shortcut="b" disabled={!canUse("base")} busy={busy} onClick={() => onUse("base")}>Use base</Button>
        </span>
      </div>
    );
  }
  const complete = isComplete(issue, choices);
  return (
    <div className={styles.bar} data-active="">
      <span className="muted">{complete ? <WriteSummary issue={issue} choices={choices} /> : `${chosen} of ${issue.fields.length} fields chosen`}</span>
      <span className={styles.buttons}>
        <Button onClick={onClear}>Clear</Button>
        <Button look="primary" disabled={!complete} busy={busy} onClick={onApply}>Resolve</Button>
      </span>
    </div>
  );
}

function WriteSummary({ issue, choices }: { issue: Issue; choices: Choices }) {
  const writes = issue.fields.flatMap((field) => writesOf(field, choices[field.name]));
  const sides = (["salesforce", "postgres"] as const).map((side) => ({ side, fields: writes.filter((each) => each === side).length })).filter((each) => each.fields > 0);
  if (sides.length === 0) return <>Both sides hold this already: nothing to write</>;
  return <>{sides.map(({ side, fields }) => `${count(fields, "field")} to ${SIDE_NAMES[side]}`).join(", ")}</>;
}
