import { ArrowLeft, ArrowLeftRight } from "@/parts/icons";
import { Link } from "react-router-dom";
import type { Mapping } from "@/api/types";
import { Meter } from "@/parts/Meter";
import { Pill } from "@/parts/Pill";
import table from "@/parts/table.module.css";
import { Time } from "@/parts/Time";
import { compact, duration, number } from "@/parts/format";
import styles from "./MappingTable.module.css";

export function MappingTable({ mappings }: { mappings: Mapping[] }) {
  return (
    <div className={table.scroll}>
      <table className={`${table.table} ${table.cards}`}>
        <thead>
          <tr>
            <th scope="col">Mapping</th>
            <th scope="col">State</th>
            <th scope="col" className="num">Lag in</th>
            <th scope="col" className="num">Lag out</th>
            <th scope="col" className="num">Rows</th>
            <th scope="col" className="num">Pending</th>
            <th scope="col" className="num">Issues</th>
            <th scope="col" className="num">Refused</th>
            <th scope="col">Verified equal</th>
          </tr>
        </thead>
        <tbody>
          {mappings.map((mapping) => (
            <tr key={mapping.object}>
              <td><MappingName mapping={mapping} /></td>
              <td data-label="State"><MappingState mapping={mapping} /></td>
              <td className="num" data-label="Lag in">{mapping.lag_ms.inbound === null ? <span className="faint">–</span> : duration(mapping.lag_ms.inbound)}</td>
              <td className="num" data-label="Lag out">{mapping.access === "read_only" ? <span className="faint">–</span> : duration(mapping.lag_ms.outbound)}</td>
              <td className="num" data-label="Rows">{mapping.rows_estimated ? `≈ ${compact(mapping.rows)}` : number(mapping.rows)}</td>
              <td className="num" data-label="Pending"><Count value={mapping.pending} /></td>
              <td className="num" data-label="Issues"><Count value={mapping.issues} to={`/issues?state=open&object=${encodeURIComponent(mapping.object)}`} /></td>
              <td className="num" data-label="Refused"><Count value={mapping.errors} to={`/issues?state=open&kind=rejected&object=${encodeURIComponent(mapping.object)}`} /></td>
              <td data-label="Verified equal">{mapping.verified_as_of ? <Time at={mapping.verified_as_of} /> : <span className="faint">never</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Count({ value, to }: { value: number; to?: string }) {
  if (value === 0) return <span className="faint">0</span>;
  return to ? <Link to={to}>{number(value)}</Link> : <>{number(value)}</>;
}

export function MappingName({ mapping }: { mapping: Mapping }) {
  return (
    <span className={styles.name}>
      <strong>{mapping.object}</strong>
      {mapping.access === "read_write" ? <ArrowLeftRight size={13} aria-label="read and write" /> : <ArrowLeft size={13} className={styles.turned} aria-label="read only" />}
      <code className="muted">{mapping.table}</code>
    </span>
  );
}

export function MappingState({ mapping }: { mapping: Mapping }) {
  if (mapping.state === "loading") {
    // Until the load ends the table holds what was loaded, or the rows from before.
    const whole = Math.max(mapping.rows, mapping.loaded_rows);
    return (
      <span className={styles.loading}>
        <Pill tone="info" dot>loading</Pill>
        <span className="muted">{number(mapping.loaded_rows)} rows</span>
        {mapping.rows > mapping.loaded_rows && <Meter label="Loaded rows" value={mapping.loaded_rows} max={whole} tone="salesforce" />}
      </span>
    );
  }
  return mapping.state === "loaded" ? <Pill tone="ok" dot>in sync by {mapping.source === "events" ? "events" : "polling"}</Pill> : <Pill tone="warn" dot>not loaded</Pill>;
}
