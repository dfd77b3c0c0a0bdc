import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router-dom";
import { historyQuery, recordQuery } from "@/api/queries";
import type { RecordState } from "@/api/types";
import { Button } from "@/parts/Button";
import { Facts } from "@/parts/Facts";
import { Notice } from "@/parts/Notice";
import { PageHead, Panel } from "@/parts/Panel";
import { Pill, type Tone } from "@/parts/Pill";
import { SideName } from "@/parts/Side";
import { Empty, Failure, Loading } from "@/parts/States";
import table from "@/parts/table.module.css";
import { Time } from "@/parts/Time";
import { Value } from "@/parts/Value";
import { stamp, words } from "@/parts/format";
import styles from "./Records.module.css";
import { Timeline } from "./Timeline";

const TONES: Partial<Record<RecordState["sync"]["state"], Tone>> = { at_rest: "ok", unknown: "warn", conflict: "warn", dirty: "warn", parked: "bad", deleted: "neutral" };

export default function RecordPage() {
  const { object = "", id = "" } = useParams();
  const [at, setAt] = useState<string>();
  const { data: record, error, refetch } = useQuery(recordQuery(object, id));
  if (error && !record) return <Failure error={error} retry={() => void refetch()} />;
  if (!record) return <Loading lines={9} />;
  const title = ["Name", "LastName", "Subject", "CaseNumber"].map((name) => record.values?.[name]).find((value) => typeof value === "string");
  return (
    <>
      <PageHead
        title={<bdi>{(title as string | undefined) ?? `${object} ${record.sfid ?? record.record_id}`}</bdi>}
        lead={
          <>
            <Pill dot tone={TONES[record.sync.state] ?? "info"}>{record.sync.state === "at_rest" ? "both sides at rest" : record.sync.state === "conflict" ? "a conflict waits for a person" : words(record.sync.state)}</Pill>
            <span>{object}</span>
            {record.sfid && <code>{record.sfid}</code>}
            {record.record_id !== null && <code>{record.table} · id {record.record_id}</code>}
            {record.open_issues.map((each) => <Link key={each} to={`/issues/${each}`}>Issue {each}</Link>)}
          </>
        }
      />
      {record.error && <Notice tone="warn" title="The last write was refused"><bdi>{record.error}</bdi></Notice>}
      {record.sync.dirty && <Notice tone="warn" title="The record is read again before anything else">{record.sync.dirty.reason}, <Time at={record.sync.dirty.since} /></Notice>}
      {record.sync.parked && <Notice tone="warn" title="The record waits by itself"><bdi>{record.sync.parked}</bdi></Notice>}
      <div className={styles.columns}>
        <div className={styles.left}>
          <Values record={record} />
          <OnItsWay record={record} />
        </div>
        <HistoryPanel object={object} id={id} at={at} onAt={setAt} />
      </div>
    </>
  );
}

function Values({ record }: { record: RecordState }) {
  const names = [...new Set([...Object.keys(record.values ?? {}), ...Object.keys(record.salesforce)])];
  return (
    <Panel title="Values now" flush>
      {names.length === 0 ? <Empty title="There is no row" /> : (
        <div className={table.scroll} role="region" aria-label="Values now" tabIndex={0}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col"><SideName side="postgres" /></th>
                <th scope="col"><SideName side="salesforce" /></th>
              </tr>
            </thead>
            <tbody>
              {names.map((name) => {
                const differs = name in record.salesforce && record.salesforce[name] !== record.values?.[name];
                return (
                  <tr key={name} className={differs ? styles.differs : undefined}>
                    <td><strong>{name}</strong></td>
                    <td><Value value={record.values?.[name]} /></td>
                    <td>{differs ? <Value value={record.salesforce[name]} against={record.values?.[name]} /> : <span className="faint">same, as far as known</span>}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function OnItsWay({ record: { sync, last_op, external_id } }: { record: RecordState }) {
  return (
    <Panel title="On its way">
      <Facts
        facts={[
          ["Last operation", last_op && <code>{last_op}</code>],
          ["External id", external_id && <code>{external_id}</code>],
          ["Pending", sync.pending.length ? sync.pending.map((each) => each.field).join(", ") : "nothing"],
          ["Attempts", sync.attempts.length > 0 && sync.attempts.map((each) => <span key={each.token}>{each.kind} {each.state} <Time at={each.sent_at} /> ({each.fields.join(", ")}) </span>)],
          ["Held", sync.held.length > 0 && sync.held.map((each) => <span key={each.field}>{each.field}: <Value value={each.value} /> </span>)],
          ["Not before", sync.not_before && <Time at={sync.not_before} exact />],
        ]}
      />
    </Panel>
  );
}

function HistoryPanel({ object, id, at, onAt }: { object: string; id: string; at: string | undefined; onAt: (at: string | undefined) => void }) {
  const { data, error, refetch } = useQuery(historyQuery(object, id, at));
  return (
    <Panel
      title="Timeline"
      aside={
        <span className={styles.at}>
          <label htmlFor="record-at">As it was at</label>
          <input id="record-at" type="datetime-local" step={1} onChange={(event) => onAt(event.target.value ? new Date(event.target.value).toISOString() : undefined)} />
        </span>
      }
    >
      {error && !data ? <Failure error={error} retry={() => void refetch()} /> : !data ? <Loading /> : (
        <>
          {data.as_of && <AsOf asOf={data.as_of} onClose={() => onAt(undefined)} />}
          {data.events.length === 0 ? <Empty title="Nothing happened yet">as far as Duet stores it</Empty> : <Timeline events={data.events} />}
          {(data.not_known.length > 0 || data.truncated) && (
            <ul className={styles.notes}>
              {data.truncated && <li>There is more than is shown.</li>}
              {data.not_known.map((each) => <li key={each}>{each}</li>)}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}

function AsOf({ asOf, onClose }: { asOf: NonNullable<import("@/api/types").History["as_of"]>; onClose: () => void }) {
  return (
    <Notice tone="info" title={`As it was on ${stamp(asOf.at)}`} action={<Button size="small" onClick={onClose}>Now</Button>}>
      {asOf.exists === false ? "There was no such record." : asOf.values ? <Facts facts={Object.entries(asOf.values).map(([name, value]) => [name, <Value key={name} value={value} />])} /> : "It is not known."}
      {asOf.not_known.length > 0 && <p>Not known: {asOf.not_known.join(", ")}</p>}
    </Notice>
  );
}
