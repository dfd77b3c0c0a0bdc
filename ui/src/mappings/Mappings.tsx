import { Layers } from "@/parts/icons";
import { Link } from "react-router-dom";
import { useLive } from "@/api/live";
import type { Mapping } from "@/api/types";
import { Facts } from "@/parts/Facts";
import { PageHead, Panel } from "@/parts/Panel";
import { Empty, Loading } from "@/parts/States";
import table from "@/parts/table.module.css";
import { Pill } from "@/parts/Pill";
import { Time } from "@/parts/Time";
import { count, duration, number, words } from "@/parts/format";
import { MappingName, MappingState } from "./MappingTable";
import styles from "./Mappings.module.css";
import { useLoadRate } from "./useLoadRate";

export default function Mappings() {
  const { connection } = useLive();
  if (!connection) return <Loading />;
  return (
    <>
      <PageHead title="Mappings" lead={`${count(connection.mappings.length, "object")} between the org and schema ${connection.schema}`} />
      {connection.mappings.length === 0 ? (
        <Panel><Empty icon={Layers} title="Nothing is mapped yet">Run <code>duet import mappings.json</code> with Heroku Connect’s export, or one of your own.</Empty></Panel>
      ) : (
        <div className={styles.grid}>{connection.mappings.map((each) => <MappingCard key={each.object} mapping={each} />)}</div>
      )}
      <Workers />
    </>
  );
}

function MappingCard({ mapping }: { mapping: Mapping }) {
  const rate = useLoadRate(mapping);
  return (
    <Panel title={<MappingName mapping={mapping} />} aside={<MappingState mapping={mapping} />}>
      <Facts
        facts={[
          ["Rows", mapping.rows_estimated ? `≈ ${number(mapping.rows)}` : number(mapping.rows)],
          [mapping.state === "loading" ? "Loading" : "Loaded", <>{number(mapping.loaded_rows)}{rate !== null && <span className="faint"> at {number(rate)} rows a second</span>}</>],
          ["Lag in", mapping.lag_ms.inbound === null ? null : duration(mapping.lag_ms.inbound)],
          ["Lag out", mapping.access === "read_write" && duration(mapping.lag_ms.outbound)],
          ["Pending", number(mapping.pending)],
          ["Follows", <>{mapping.source === "events" ? "change events" : "polling"}{mapping.source_reason && <span className="faint"> – {mapping.source_reason}</span>}</>],
          ["Key", mapping.upsert_field ? <code>{mapping.upsert_field}</code> : mapping.access === "read_write" ? <Pill tone="warn" title="A lost reply to a create may then repeat it">no unique external id</Pill> : null],
          ["Issues", mapping.issues > 0 ? <Link to={`/issues?state=open&object=${encodeURIComponent(mapping.object)}`}>{count(mapping.issues, "open issue")}</Link> : "none open"],
          ["Verified", mapping.verified_as_of ? <>equal <Time at={mapping.verified_as_of} /></> : "never"],
        ]}
      />
    </Panel>
  );
}

function Workers() {
  const { connection } = useLive();
  if (!connection || connection.workers.length === 0) return null;
  return (
    <Panel title="Workers" flush>
      <div className={table.scroll}>
        <table className={`${table.table} ${table.cards}`}>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">State</th>
              <th scope="col">Last step</th>
              <th scope="col" className="num">Steps</th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody>
            {connection.workers.map((worker) => (
              <tr key={worker.name}>
                <td><strong>{worker.name}</strong></td>
                <td data-label="State"><Pill tone={worker.errors_in_a_row > 0 ? "warn" : "neutral"}>{words(worker.state)}</Pill></td>
                <td data-label="Last step"><Time at={worker.last_step_at} /></td>
                <td data-label="Steps" className="num">{number(worker.steps)}</td>
                <td data-label="Last error">{worker.last_error ? <span className={styles.error}><bdi>{worker.last_error.message}</bdi> <span className="faint"><Time at={worker.last_error_at} /></span></span> : <span className="faint">none</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
