import { useState } from "react";
import type { IssueAction } from "@/api/types";
import { Button } from "@/parts/Button";
import { count, number } from "@/parts/format";
import styles from "./BulkBar.module.css";
import { BulkDialog, type BulkTask } from "./BulkDialog";
import { bulkFilterOf, type Filter } from "./filter";
import type { Selection } from "./useSelection";

/** What can be done with the issues that are ticked. */
export function BulkBar({ filter, total, selection }: { filter: Filter; total: number; selection: Selection }) {
  const [task, setTask] = useState<BulkTask | null>(null);
  const size = selection.all ? total : selection.size;
  if (size === 0 && !task) return null;

  function start(action: IssueAction, use?: "salesforce" | "postgres" | "base") {
    const target = selection.all ? bulkFilterOf(filter) : { state: "all" as const, ids: selection.ids };
    setTask({ filter: target, action, decision: use && { use }, about: count(size, "selected issue") });
  }

  return (
    <div className={styles.bar} role="region" aria-label="Selected issues">
      <span className={styles.count}>
        {number(size)} selected
        {!selection.all && selection.size < total && (
          <button type="button" className={styles.link} onClick={selection.selectAll}>Select all {number(total)}</button>
        )}
        <button type="button" className={styles.link} onClick={selection.clear}>Clear</button>
      </span>
      <BulkButtons onStart={start} />
      {task && <BulkDialog task={task} onClose={(done) => { setTask(null); if (done) selection.clear(); }} />}
    </div>
  );
}

export function BulkButtons({ onStart }: { onStart: (action: IssueAction, use?: "salesforce" | "postgres" | "base") => void }) {
  return (
    <span className={styles.actions}>
      <Button size="small" look="salesforce" onClick={() => onStart("resolve", "salesforce")}>Use Salesforce</Button>
      <Button size="small" look="postgres" onClick={() => onStart("resolve", "postgres")}>Use PostgreSQL</Button>
      <Button size="small" onClick={() => onStart("resolve", "base")}>Use base</Button>
      <Button size="small" onClick={() => onStart("retry")}>Retry</Button>
      <Button size="small" onClick={() => onStart("revert")}>Revert</Button>
      <Button size="small" onClick={() => onStart("ignore")}>Ignore</Button>
    </span>
  );
}
