import { useInfiniteQuery } from "@tanstack/react-query";
import { BookOpenText, ChevronDown, ChevronRight } from "@/parts/icons";
import { Fragment, useState } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { useLive } from "@/api/live";
import { type JournalQuery, journalPagesQuery } from "@/api/queries";
import type { JournalEntry } from "@/api/types";
import { Button } from "@/parts/Button";
import { Facts } from "@/parts/Facts";
import { FieldName } from "@/parts/FieldName";
import { SearchField, Select } from "@/parts/Fields";
import { PageHead, Panel } from "@/parts/Panel";
import { SideName } from "@/parts/Side";
import { Empty, Failure, Loading } from "@/parts/States";
import table from "@/parts/table.module.css";
import { Time } from "@/parts/Time";
import { Value } from "@/parts/Value";
import { words } from "@/parts/format";
import { BringBack } from "./BringBack";
import styles from "./Journal.module.css";

const REASONS: JournalEntry["reason"][] = ["conflict", "late_conflict", "overwritten_by_automation", "rejected", "delete_conflict", "deleted", "superseded", "merge", "reverted", "resolved"];

export default function Journal() {
  const { connection } = useLive();
  const [parameters, setParameters] = useSearchParams();
  const query: JournalQuery = {};
  for (const name of ["object", "sfid", "field", "reason"] as const) {
    const value = parameters.get(name);
    if (value) query[name] = value;
  }
  const set = (name: string, value: string) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      value ? next.set(name, value) : next.delete(name);
      return next;
    }, { replace: true });
  return (
    <>
      <PageHead title="Journal" lead="Every value that lost, was refused or was taken back: who wrote it, and what decided" />
      <div className={styles.filters}>
        <SearchField label="Salesforce Id" defaultValue={query.sfid} maxLength={18} onChange={(event) => set("sfid", event.target.value.trim())} />
        <Select label="Object" value={query.object ?? ""} onChange={(event) => set("object", event.target.value)}>
          <option value="">any</option>
          {connection?.mappings.map((each) => <option key={each.object} value={each.object}>{each.object}</option>)}
        </Select>
        <Select label="Reason" value={query.reason ?? ""} onChange={(event) => set("reason", event.target.value)}>
          <option value="">any</option>
          {REASONS.map((each) => <option key={each} value={each}>{words(each)}</option>)}
        </Select>
      </div>
      <Panel flush><Entries query={query} opened={Number(parameters.get("entry")) || null} /></Panel>
    </>
  );
}

function Entries({ query, opened }: { query: JournalQuery; opened: number | null }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(journalPagesQuery(query));
  const [open, setOpen] = useState<number | null>(opened);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading lines={8} label="Loading the journal" />;
  const entries = data.pages.flatMap((page) => page.entries);
  if (entries.length === 0) return <Empty icon={BookOpenText} title="No value has lost">When both sides change one field, the value that loses is kept here.</Empty>;
  return (
    <>
      <div className={table.scroll}>
        <table className={`${table.table} ${table.cards} ${styles.table}`}>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Record</th>
              <th scope="col">Field</th>
              <th scope="col">Lost</th>
              <th scope="col">Kept</th>
              <th scope="col">Reason</th>
              <th scope="col"><span className="visually-hidden">Details</span></th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => {
              const shown = open === entry.id;
              const other = entry.lost_side === "salesforce" ? "postgres" : "salesforce";
              return (
                <Fragment key={entry.id}>
                  <tr>
                    <td data-label="When"><Time at={entry.created_at} /></td>
                    <td data-label="Record"><RecordLink entry={entry} /></td>
                    <td data-label="Field"><strong>{entry.field ? <FieldName name={entry.field} /> : <span className="muted">whole row</span>}</strong></td>
                    <td data-label="Lost"><span className={styles.value}><SideName side={entry.lost_side} short /> {entry.field && <span className={styles.lost}><Value value={entry.lost} clamp /></span>}</span></td>
                    <td data-label="Kept"><span className={styles.value}><SideName side={other} short /> {entry.field && <Value value={entry.kept} clamp />}</span></td>
                    <td data-label="Reason"><span>{words(entry.reason)} <span className="faint">by {entry.rule}</span></span></td>
                    <td>
                      <Button look="quiet" size="small" aria-expanded={shown} aria-label={`Details of entry ${entry.id}`} icon={shown ? <ChevronDown size={15} /> : <ChevronRight size={15} />} onClick={() => setOpen(shown ? null : entry.id)} />
                    </td>
                  </tr>
                  {shown && <tr className={styles.details}><td colSpan={7}><Details entry={entry} /></td></tr>}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      {hasNextPage && <p className={styles.more}><Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older entries</Button></p>}
    </>
  );
}

function RecordLink({ entry }: { entry: JournalEntry }) {
  const id = entry.sfid ?? entry.record_id;
  const name = <><span>{entry.object}</span> <code className="muted">{entry.sfid ?? (entry.record_id === null ? "" : `row ${entry.record_id}`)}</code></>;
  return id === null ? name : <Link to={`/records/${encodeURIComponent(entry.object)}/${encodeURIComponent(String(id))}`}>{name}</Link>;
}

function Details({ entry }: { entry: JournalEntry }) {
  return (
    <div className={styles.inside}>
      <Facts
        facts={[
          ["Base", entry.field ? <Value value={entry.base} /> : null],
          ["Lost", entry.field ? <Value value={entry.lost} against={entry.base} /> : null],
          ["Kept", entry.field ? <Value value={entry.kept} against={entry.base} /> : null],
        ]}
      />
      <Facts
        facts={[
          ["Kept written", entry.kept_at && <Time at={entry.kept_at} exact />],
          ["Kept by", entry.actor && <bdi>{entry.actor}</bdi>],
          ["Lost by", entry.lost_actor && <bdi>{entry.lost_actor}</bdi>],
          ["Lost written", entry.lost_at && <Time at={entry.lost_at} exact />],
          ["Decided", <Time at={entry.created_at} exact />],
          ["External id", entry.external_id && <code>{entry.external_id}</code>],
          ["Attempt", entry.attempt && <code>{entry.attempt}</code>],
        ]}
      />
      <div className={styles.row}><BringBack entry={entry} /></div>
      {entry.row_before && (
        <details className={styles.row}>
          <summary>The row as it was</summary>
          <Facts facts={Object.entries(entry.row_before).map(([name, value]) => [name, <Value key={name} value={value} />])} />
        </details>
      )}
    </div>
  );
}
