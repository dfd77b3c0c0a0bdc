import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "@/parts/icons";
import { useState } from "react";
import { issueGroupsQuery } from "@/api/queries";
import type { IssueGroup } from "@/api/types";
import { useMay } from "@/app/session";
import { Button } from "@/parts/Button";
import { Panel } from "@/parts/Panel";
import { Empty, Failure, Loading } from "@/parts/States";
import { Time } from "@/parts/Time";
import { count, number, words } from "@/parts/format";
import { BulkButtons } from "./BulkBar";
import { BulkDialog, type BulkTask } from "./BulkDialog";
import { bulkFilterOf, type Filter, queryOf } from "./filter";
import styles from "./IssueGroups.module.css";
import { KINDS, KindIcon } from "./IssueTitle";

function narrowed(group: IssueGroup): Filter {
  return { kind: group.kind, ...(group.code ? { code: group.code } : {}), ...(group.field ? { field: group.field } : {}), ...(group.rule ? { rule: group.rule } : {}) };
}

function causeOf(group: IssueGroup): string {
  const what = group.code && group.kind !== "conflict" ? words(group.code) : KINDS[group.kind].label;
  return group.field ? `${what}: ${group.field}` : what;
}

/** Issues that have one cause are one line: decide once. */
export function IssueGroups({ filter, onOpen }: { filter: Filter; onOpen: (filter: Filter) => void }) {
  const operator = useMay("operator");
  const { data, error, refetch } = useQuery(issueGroupsQuery(queryOf(filter)));
  const [task, setTask] = useState<BulkTask | null>(null);
  const [open, setOpen] = useState<number | null>(null);

  if (error) return <Panel><Failure error={error} retry={() => void refetch()} /></Panel>;
  if (!data) return <Panel flush><Loading lines={6} /></Panel>;
  const most = Math.max(1, ...data.groups.map((each) => each.count));
  return (
    <Panel title={`${count(data.total, "issue")}, ${count(data.groups.length, "cause")}`} flush>
      {data.groups.length === 0 && <Empty icon={CircleCheck} title="No issues here" />}
      <ul className={styles.groups}>
        {data.groups.map((group) => (
          <li key={`${group.kind} ${group.code} ${group.field} ${group.rule}`} className={styles.group}>
            <span className={styles.count}>
              {number(group.count)}
              <span className={styles.bar} style={{ width: `${(group.count / most) * 100}%` }} aria-hidden="true" />
            </span>
            <div className={styles.what}>
              <p className={styles.cause}>
                <KindIcon kind={group.kind} /> <strong>{causeOf(group)}</strong>
                {group.rule && <span className="muted">rule {group.rule}</span>}
              </p>
              <p className={styles.message}><bdi>{group.message}</bdi></p>
              <p className={styles.facts}>
                {group.objects.join(", ")} · {count(group.records, "record")} · first <Time at={group.first_at} /> · last <Time at={group.last_at} />
              </p>
            </div>
            <span className={styles.actions}>
              {operator && <Button size="small" aria-expanded={open === group.sample_id} onClick={() => setOpen(open === group.sample_id ? null : group.sample_id)}>Act on all</Button>}
              <Button size="small" onClick={() => onOpen(narrowed(group))}>Show</Button>
            </span>
            {open === group.sample_id && (
              <div className={styles.bulk}>
                <BulkButtons
                  onStart={(action, use) =>
                    setTask({ filter: bulkFilterOf({ ...filter, ...narrowed(group) }), action, decision: use && { use }, about: `${count(group.count, "issue")}: ${causeOf(group)}` })
                  }
                />
              </div>
            )}
          </li>
        ))}
      </ul>
      {task && <BulkDialog task={task} onClose={() => setTask(null)} />}
    </Panel>
  );
}
