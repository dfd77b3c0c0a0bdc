import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { historyQuery } from "@/api/queries";
import type { Issue } from "@/api/types";
import { Panel } from "@/parts/Panel";
import { Facts } from "@/parts/Facts";
import { Time } from "@/parts/Time";
import { number } from "@/parts/format";
import { Timeline } from "@/records/Timeline";
import styles from "./IssueFacts.module.css";

const SHOWN = 8;

/** Beside the decision: what is known of the issue, and what happened to the record. */
export function IssueFacts({ issue }: { issue: Issue }) {
  const facts: [string, ReactNode][] = [
    ["Rule", issue.rule],
    ["Code", issue.code && <code>{issue.code}</code>],
    ["Table", issue.table && <code>{issue.table}{issue.record_id !== null && ` · id ${issue.record_id}`}</code>],
    ["External id", issue.external_id && <code>{issue.external_id}</code>],
    ["First seen", <Time at={issue.created_at} exact />],
    ["Last seen", issue.updated_at !== issue.created_at && <Time at={issue.updated_at} exact />],
    ["Seen", issue.occurrences > 1 && `${number(issue.occurrences)} times`],
    ["Attempt", issue.attempt && <code>{issue.attempt}</code>],
  ];
  return (
    <aside className={styles.aside} aria-label="About this issue">
      <Panel><Facts facts={facts} /></Panel>
      <RecordHistory issue={issue} />
    </aside>
  );
}

function RecordHistory({ issue }: { issue: Issue }) {
  const id = issue.sfid ?? issue.record_id;
  const object = issue.object ?? "";
  const { data } = useQuery({ ...historyQuery(object, String(id), undefined, SHOWN), enabled: Boolean(object) && id !== null });
  if (!data || data.events.length === 0) return null;
  return (
    <Panel title="The record" aside={<Link to={`/records/${encodeURIComponent(object)}/${encodeURIComponent(String(id))}`}>Timeline</Link>}>
      <Timeline events={data.events} compact />
    </Panel>
  );
}
