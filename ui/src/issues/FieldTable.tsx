import { Pencil } from "@/parts/icons";
import { useState } from "react";
import type { FieldValue, Issue, IssueField } from "@/api/types";
import { Button } from "@/parts/Button";
import { FieldName } from "@/parts/FieldName";
import { SIDE_NAMES, SideName } from "@/parts/Side";
import { Time } from "@/parts/Time";
import { sameValue, Value } from "@/parts/Value";
import { type Choice, type Choices, choosable, chosenValue, SOURCES, type Source, writesOf } from "./decision";
import styles from "./FieldTable.module.css";
import { ValueEditor } from "./ValueEditor";

type Props = { issue: Issue; choices: Choices; editable: boolean; /** The choices are those of before, not a person's now. */ past: boolean; onChoose: (field: string, choice: Choice) => void };

/** The heart: what both sides agreed on, what each made of it, and what shall stand, field by field. */
export function FieldTable({ issue, choices, editable, past, onChoose }: Props) {
  return (
    <div className={styles.table} data-editable={editable || undefined}>
      <div className={styles.head} aria-hidden="true">
        <span className={styles.corner}>Field</span>
        <span><SideName side="base" /><small>both sides agreed on</small></span>
        <span><SideName side="salesforce" /><ActorNote issue={issue} side="salesforce" /></span>
        <span><SideName side="postgres" /><ActorNote issue={issue} side="postgres" /></span>
        <span className={styles.outcomeHead}>Outcome<small>{past ? "what was decided" : "what both sides will hold"}</small></span>
      </div>
      {issue.fields.map((field) => (
        <FieldRow key={field.name} field={field} choice={choices[field.name]} editable={editable} past={past} onChoose={(choice) => onChoose(field.name, choice)} />
      ))}
    </div>
  );
}

function ActorNote({ issue, side }: { issue: Issue; side: "salesforce" | "postgres" }) {
  const actor = issue.actors[side];
  if (!actor) return <small>{side === "salesforce" ? "the org" : "the table"}</small>;
  const who = [actor.user, actor.client].filter(Boolean).join(" · ");
  return (
    <small>
      {who && <bdi>{who}</bdi>} {actor.at && <Time at={actor.at} />}
    </small>
  );
}

function FieldRow({ field, choice, editable, past, onChoose }: { field: IssueField; choice: Choice | undefined; editable: boolean; past: boolean; onChoose: (choice: Choice) => void }) {
  const [editing, setEditing] = useState(false);
  const edited = choice?.from === "edited";
  return (
    <div className={styles.row} role={editable ? "radiogroup" : "group"} aria-label={field.name}>
      <h2 className={styles.name}><FieldName name={field.name} /></h2>
      {SOURCES.map((source) => (
        <Cell key={source} field={field} source={source} chosen={choice?.from === source} editable={editable && choosable(field, source)} decided={choice !== undefined} onChoose={() => { setEditing(false); onChoose({ from: source }); }} />
      ))}
      <div className={styles.outcome} data-from={choice?.from ?? "none"}>
        {editing ? (
          <ValueEditor
            field={field}
            initial={choice ? chosenValue(field, choice) : field.postgres}
            onCancel={() => setEditing(false)}
            onSave={(value) => {
              setEditing(false);
              onChoose({ from: "edited", value });
            }}
          />
        ) : (
          <>
            <div className={styles.outcomeValue}>
              {choice ? <Value value={chosenValue(field, choice)} /> : <span className="faint">{editable ? "choose a value" : "open"}</span>}
              {edited && <span className={styles.tag}>edited</span>}
            </div>
            {choice && <Writes field={field} choice={choice} past={past} />}
            {editable && (
              <Button look="quiet" size="small" className={styles.edit} icon={<Pencil size={13} />} aria-label={`Edit ${field.name}`} title="Write another value" onClick={() => setEditing(true)} />
            )}
          </>
        )}
      </div>
    </div>
  );
}

function Writes({ field, choice, past }: { field: IssueField; choice: Choice; past: boolean }) {
  const sides = writesOf(field, choice);
  if (past) return choice.from === "salesforce" || choice.from === "postgres" ? <small className={styles.writes}>{SIDE_NAMES[choice.from]} stood</small> : null;
  return (
    <small className={styles.writes}>
      {sides.length === 0 ? "nothing to write" : <>written to {sides.map((side, at) => <span key={side}>{at > 0 && " and "}<span data-side={side}>{SIDE_NAMES[side]}</span></span>)}</>}
    </small>
  );
}

function Cell({ field, source, chosen, decided, editable, onChoose }: { field: IssueField; source: Source; chosen: boolean; decided: boolean; editable: boolean; onChoose: () => void }) {
  const value: FieldValue = field[source];
  const same = source !== "base" && field.base !== undefined && sameValue(value, field.base);
  const name = source === "base" ? "Base" : SIDE_NAMES[source];
  const content = (
    <>
      <span className={styles.cellSide}><SideName side={source} /></span>
      <span className={styles.cellValue}>
        <Value value={value} against={source === "base" ? undefined : field.base} />
        {same && <small className="faint">unchanged</small>}
      </span>
    </>
  );
  const state = { "data-source": source, "data-chosen": chosen || undefined, "data-lost": (decided && !chosen && source !== "base") || undefined, "data-same": same || undefined };
  if (!editable) return <div className={styles.cell} {...state}>{content}</div>;
  return (
    <label className={styles.cell} {...state}>
      <input type="radio" name={`choice ${field.name}`} checked={chosen} onChange={onChoose} aria-label={`${field.name}: ${name}`} />
      <span className={styles.mark} aria-hidden="true" />
      {content}
    </label>
  );
}
