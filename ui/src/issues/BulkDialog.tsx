import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { client, unwrap } from "@/api/client";
import type { BulkRequest, BulkResult, Decision, IssueAction, IssueFilter } from "@/api/types";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Meter } from "@/parts/Meter";
import { Failure, Loading } from "@/parts/States";
import { count, number } from "@/parts/format";
import { SIDE_NAMES } from "@/parts/Side";
import styles from "./BulkDialog.module.css";

export type BulkTask = { filter: IssueFilter; action: IssueAction; decision?: Decision; about: string };

const VERBS: Record<IssueAction, { title: string; doing: string }> = {
  retry: { title: "Retry", doing: "sent again" },
  revert: { title: "Revert", doing: "reverted" },
  resolve: { title: "Resolve", doing: "resolved" },
  ignore: { title: "Ignore", doing: "ignored" },
};

// Small enough that progress is seen and Stop is heard.
const STEP = 250;

type Progress = { done: number; stale: number; failed: number; failures: BulkResult["failures"] };
const NOTHING: Progress = { done: 0, stale: 0, failed: 0, failures: [] };

const ask = (body: BulkRequest) => unwrap(client.POST("/api/v1/issues/bulk", { body }));

/** Counts first, acts then, in steps; says at the end what could not be done and why. */
export function BulkDialog({ task, onClose }: { task: BulkTask; onClose: (done: boolean) => void }) {
  const cache = useQueryClient();
  const request: BulkRequest = { filter: task.filter, action: task.action, ...(task.decision ? { decision: task.decision } : {}) };
  const dry = useQuery({ queryKey: ["bulk-dry-run", task], queryFn: () => ask({ ...request, dry_run: true }), gcTime: 0, staleTime: Infinity, retry: false });
  const [progress, setProgress] = useState<Progress | null>(null);
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef(false);
  const { title, doing } = VERBS[task.action];
  const use = task.decision?.use;
  const value = use && (use === "base" ? "the base values" : `${SIDE_NAMES[use]}’s values`);

  async function run(counted: number) {
    setRunning(true);
    stop.current = false;
    let total = NOTHING;
    try {
      for (;;) {
        // Never more than what was counted and agreed to, though others may match by now.
        const left = counted - total.done - total.stale - total.failed;
        if (left <= 0) break;
        const step = await ask({ ...request, limit: Math.min(STEP, left) });
        total = { done: total.done + step.done, stale: total.stale + step.stale, failed: total.failed + step.failed, failures: [...total.failures, ...step.failures].slice(0, 100) };
        setProgress(total);
        // Those that cannot be done stay possible: a step that did nothing would repeat for ever.
        if (step.remaining === 0 || step.done === 0 || stop.current) break;
      }
    } catch (problem) {
      setError(problem);
      setProgress(total);
    } finally {
      setRunning(false);
      for (const key of ["issues", "issue", "issue-groups", "issue-count", "journal"]) void cache.invalidateQueries({ queryKey: [key] });
    }
  }

  const finished = progress !== null && !running;
  const close = () => {
    stop.current = true;
    onClose(progress !== null);
  };
  return (
    <Dialog
      title={`${title} ${task.about}`}
      onClose={close}
      footer={
        finished ? (
          <Button look="primary" onClick={close}>Close</Button>
        ) : (
          <>
            <Button onClick={running ? () => { stop.current = true; } : close}>{running ? "Stop" : "Cancel"}</Button>
            <Button look="primary" busy={running} disabled={!dry.data || dry.data.possible === 0} onClick={() => dry.data && void run(dry.data.possible)}>
              {title} {dry.data ? number(dry.data.possible) : ""}
            </Button>
          </>
        )
      }
    >
      {dry.error ? <Failure error={dry.error} retry={() => void dry.refetch()} /> : !dry.data ? <Loading lines={2} label="Counting" /> : (
        <>
          <p>
            {value ? <>Both sides get {value}. </> : null}
            Every one is checked against what both sides hold now; one that moved on is left alone.
          </p>
          <dl className={styles.counts}>
            <div><dt>match</dt><dd>{number(dry.data.matched)}</dd></div>
            <div><dt>can be {doing}</dt><dd>{number(dry.data.possible)}</dd></div>
            <div><dt>do not allow it</dt><dd>{number(dry.data.matched - dry.data.possible)}</dd></div>
          </dl>
          {progress && (
            <div role="status" className={styles.progress}>
              <Meter label="Done" value={progress.done + progress.stale + progress.failed} max={dry.data.possible} />
              <p>
                <strong>{count(progress.done, "issue")} {doing}</strong>
                {progress.stale > 0 && <>, {number(progress.stale)} stale: the record moved on, nothing was written</>}
                {progress.failed > 0 && <>, {number(progress.failed)} failed</>}
                {finished && stop.current && progress.done < dry.data.possible && ", stopped"}
              </p>
            </div>
          )}
          {error ? <Failure error={error} /> : null}
          {progress && progress.failures.length > 0 && (
            <details className={styles.failures}>
              <summary>Why</summary>
              <ul>{progress.failures.map((each) => <li key={each.id}><code>{each.id}</code> {each.message}</li>)}</ul>
            </details>
          )}
        </>
      )}
    </Dialog>
  );
}
