import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "@/parts/icons";
import { useSearchParams } from "react-router-dom";
import { type AuditQuery, auditPagesQuery } from "@/api/queries";
import { Button } from "@/parts/Button";
import { SearchField, Select } from "@/parts/Fields";
import { PageHead, Panel } from "@/parts/Panel";
import { Pill } from "@/parts/Pill";
import { Empty, Failure, Loading } from "@/parts/States";
import table from "@/parts/table.module.css";
import { Time } from "@/parts/Time";
import styles from "./Actions.module.css";

/** Who did what, when and with what outcome; entries are never changed. */
export default function Actions() {
  const [parameters, setParameters] = useSearchParams();
  const query: AuditQuery = {};
  for (const name of ["actor", "action"] as const) {
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
      <PageHead title="Actions" lead="What people and tokens did; each entry is chained to the one before by its hash" />
      <div className={styles.filters}>
        <SearchField label="User or token" defaultValue={query.actor} onChange={(event) => set("actor", event.target.value.trim())} />
        <Select label="Action" value={query.action ?? ""} onChange={(event) => set("action", event.target.value)}>
          <option value="">any</option>
          {["issue.", "session.", "user.", "token.", "mapping.", "connection."].map((each) => <option key={each} value={each}>{each.slice(0, -1)}</option>)}
        </Select>
      </div>
      <Panel flush><Entries query={query} /></Panel>
    </>
  );
}

function Entries({ query }: { query: AuditQuery }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditPagesQuery(query));
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading lines={8} />;
  const entries = data.pages.flatMap((page) => page.entries);
  if (entries.length === 0) return <Empty icon={ScrollText} title="Nobody did anything here" />;
  return (
    <>
      <div className={table.scroll}>
        <table className={`${table.table} ${table.cards}`}>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Action</th>
              <th scope="col">On</th>
              <th scope="col">Detail</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td data-label="When"><Time at={entry.at} /></td>
                <td data-label="Who"><strong><bdi>{entry.actor}</bdi></strong> <span className="faint">{entry.role} by {entry.via}</span></td>
                <td data-label="Action"><code>{entry.action}</code></td>
                <td data-label="On"><bdi>{entry.target ?? "–"}</bdi></td>
                <td data-label="Detail"><code className={styles.detail}>{Object.keys(entry.detail).length > 0 ? JSON.stringify(entry.detail) : ""}</code></td>
                <td data-label="Outcome"><Pill tone={entry.outcome === "ok" ? "ok" : "warn"}>{entry.outcome}</Pill></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && <p className={styles.more}><Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older entries</Button></p>}
    </>
  );
}
