import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import type { Issue, IssueField } from "@/api/types";
import { SideName } from "@/parts/Side";
import { Time } from "@/parts/Time";
import { Value } from "@/parts/Value";
import { count, number } from "@/parts/format";
import { useShortcuts } from "@/parts/useShortcuts";
import styles from "./IssueRows.module.css";
import { IssueTitle, KindIcon, StatePill } from "./IssueTitle";
import type { Selection } from "./useSelection";

const ROW_PX = 57;
const NEAR_END = 40;

type Props = { issues: Issue[]; total: number; selection: Selection | null; search: string; onEnd: () => void };

/** A list of any length: only the rows in sight exist. The row with the focus is the one that keys act on. */
export function IssueRows({ issues, total, selection, search, onEnd }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const [cursor, setCursor] = useState(-1);
  const [moved, setMoved] = useState(0);
  const navigate = useNavigate();

  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);

  const rows = useWindowVirtualizer({ count: issues.length, estimateSize: () => ROW_PX, overscan: 12, scrollMargin: offset, getItemKey: (at) => issues[at]!.id });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    if (lastShown > issues.length - NEAR_END) onEnd();
  }, [lastShown, issues.length, onEnd]);

  useEffect(() => {
    if (!moved) return;
    rows.scrollToIndex(cursor, { align: "auto" });
    const id = issues[cursor]?.id;
    // The row exists one frame after it came into sight.
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`issue-${id}`)?.focus({ preventScroll: true })));
    // Only a key moves the focus, not a list that grew.
  }, [moved]);

  function move(by: number) {
    setCursor((at) => Math.max(0, Math.min(issues.length - 1, at + by)));
    setMoved((times) => times + 1);
  }

  const current = issues[cursor];
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    x: () => current && selection?.toggle(current.id),
    Enter: () => current && navigate(`/issues/${current.id}${search}`),
    Escape: () => selection?.clear(),
  });

  const everyLoaded = selection && (selection.all || (selection.size > 0 && issues.every((each) => selection.has(each.id))));
  return (
    <div className={styles.list} data-selectable={selection ? "" : undefined}>
      <div className={styles.head}>
        {selection && (
          <input
            type="checkbox"
            aria-label="Select all loaded issues"
            checked={Boolean(everyLoaded)}
            ref={(box) => {
              if (box) box.indeterminate = !everyLoaded && selection.size > 0;
            }}
            onChange={() => (everyLoaded ? selection.clear() : selection.selectLoaded())}
          />
        )}
        <span className={styles.total}>{count(total, "issue")}{total >= 100_000 && " or more"}</span>
        <span className={styles.headValues}><SideName side="salesforce" /></span>
        <span className={styles.headValues}><SideName side="postgres" /></span>
      </div>
      <div ref={list} role="list" aria-label="Issues" className={styles.rows} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const issue = issues[row.index]!;
          return (
            <div
              key={row.key}
              ref={rows.measureElement}
              data-index={row.index}
              role="listitem"
              aria-setsize={total}
              aria-posinset={row.index + 1}
              className={styles.row}
              data-selected={selection?.has(issue.id) || undefined}
              style={{ transform: `translateY(${row.start - offset}px)` }}
              onFocus={() => setCursor(row.index)}
            >
              <IssueRow issue={issue} selection={selection} search={search} />
            </div>
          );
        })}
      </div>
      {issues.length < total && <p className={styles.more}>{number(issues.length)} of {number(total)} loaded; scroll for more</p>}
    </div>
  );
}

function IssueRow({ issue, selection, search }: { issue: Issue; selection: Selection | null; search: string }) {
  const [field] = issue.fields;
  return (
    <>
      {selection && (
        <label className={styles.tick}>
          <input
            type="checkbox"
            checked={selection.has(issue.id)}
            aria-label={`Select issue ${issue.id}`}
            onChange={() => {}}
            onClick={(event) => selection.toggle(issue.id, event.shiftKey)}
          />
        </label>
      )}
      <Link id={`issue-${issue.id}`} to={`/issues/${issue.id}${search}`} className={styles.link}>
        <KindIcon kind={issue.kind} />
        <span className={styles.what}>
          <span className={styles.title}><IssueTitle issue={issue} short /></span>
          <bdi className={styles.message}>{issue.message}</bdi>
        </span>
        <Values field={field} more={issue.fields.length - 1} />
        <span className={styles.record}><code>{issue.sfid ?? (issue.record_id !== null ? `row ${issue.record_id}` : "")}</code></span>
        <span className={styles.state}>
          {issue.occurrences > 1 && <span className="faint" title={`Seen ${issue.occurrences} times`}>×{issue.occurrences}</span>}
          <StatePill state={issue.state} />
        </span>
        <span className={styles.when}><Time at={issue.updated_at} /></span>
      </Link>
    </>
  );
}

function Values({ field, more }: { field: IssueField | undefined; more: number }) {
  if (!field) return <><span className={styles.value} /><span className={styles.value} /></>;
  return (
    <>
      <span className={styles.value} data-side="salesforce" data-chosen={field.chosen === "salesforce" || undefined}><Value value={field.salesforce} clamp /></span>
      <span className={styles.value} data-side="postgres" data-chosen={field.chosen === "postgres" || undefined}>
        <Value value={field.postgres} clamp />
        {more > 0 && <span className="faint nowrap"> +{more}</span>}
      </span>
    </>
  );
}
