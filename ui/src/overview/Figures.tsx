import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import type { Connection } from "@/api/types";
import { Meter } from "@/parts/Meter";
import { Time } from "@/parts/Time";
import { compact, duration, number } from "@/parts/format";
import { SideName } from "@/parts/Side";
import styles from "./Figures.module.css";

/** What matters of a connection, in one row. */
export function Figures({ connection }: { connection: Connection }) {
  const { mappings, api_usage: usage } = connection;
  const total = (of: (mapping: Connection["mappings"][number]) => number) => mappings.reduce((sum, each) => sum + of(each), 0);
  const lags = mappings.map((each) => each.lag_ms.inbound).filter((each) => each !== null);
  const inbound = lags.length ? Math.max(...lags) : null;
  const outbound = Math.max(0, ...mappings.map((each) => each.lag_ms.outbound));
  const open = total((each) => each.issues);
  const errors = total((each) => each.errors);
  const verified = mappings.map((each) => each.verified_as_of);
  const oldest = verified.length > 0 && verified.every(Boolean) ? verified.reduce((a, b) => (a! < b! ? a : b)) : null;
  return (
    <dl className={styles.figures}>
      <Figure label={<Way to="postgres" />} value={inbound === null ? "–" : duration(inbound)} note="lag into the tables" />
      <Figure label={<Way to="salesforce" />} value={duration(outbound)} note={outbound === 0 ? "nothing waits to be taken up" : "oldest change that waits"} />
      <Figure label="Pending" value={number(total((each) => each.pending))} note="not yet confirmed by the org" />
      <Figure label="Open issues" value={<Link to="/issues?state=open">{number(open)}</Link>} note={errors ? `${number(errors)} refused or unknown` : "none refused"} tone={open > 0 ? "warn" : undefined} />
      <Figure label="Rows" value={compact(total((each) => each.rows))} note={oldest ? <>verified equal <Time at={oldest} /></> : "not all verified yet"} />
      <Figure
        label="API calls, 24 h"
        value={usage ? `${Math.round((usage.used / Math.max(1, usage.allowed)) * 100)} %` : "–"}
        note={usage ? <Budget usage={usage} /> : "the org has not said yet"}
      />
    </dl>
  );
}

function Way({ to }: { to: "salesforce" | "postgres" }) {
  return (
    <span className={styles.way}>
      Into <SideName side={to} />
    </span>
  );
}

function Budget({ usage }: { usage: NonNullable<Connection["api_usage"]> }) {
  const forecast = usage.per_hour === null ? null : usage.used + usage.per_hour * 24;
  return (
    <>
      <Meter label="API calls used" value={usage.used} max={usage.allowed} tone={usage.exhausted_in_ms !== null ? "warn" : "ok"} />
      {compact(usage.used)} of {compact(usage.allowed)}
      {usage.exhausted_in_ms !== null ? `, used up in ${duration(usage.exhausted_in_ms)}` : forecast !== null && usage.per_hour! > 0 ? `, ${compact(usage.per_hour!)} an hour` : ""}
    </>
  );
}

function Figure({ label, value, note, tone }: { label: ReactNode; value: ReactNode; note: ReactNode; tone?: "warn" }) {
  return (
    <div className={styles.figure}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value} data-tone={tone}>{value}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}
