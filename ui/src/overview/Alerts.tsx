import { CircleAlert, TriangleAlert } from "@/parts/icons";
import { useLive } from "@/api/live";
import type { Connection } from "@/api/types";
import { count, duration } from "@/parts/format";
import styles from "./Alerts.module.css";

type Alert = { tone: "bad" | "warn"; title: string; detail?: string };

const STREAM_OLD_MS = 120_000;
const BUDGET_NEAR = 0.9;

export function alertsOf(connection: Connection): Alert[] {
  const alerts: Alert[] = [];
  const { last_error, stream, api_usage, workers } = connection;
  if (last_error && connection.state !== "running") alerts.push({ tone: "bad", title: last_error.message, detail: last_error.hint });
  if (connection.paused !== "none") {
    alerts.push({ tone: "warn", title: connection.paused === "all" ? "Paused: nothing is carried in either direction." : "Outbound is paused: local changes wait.", detail: "Changes are kept on both sides until somebody resumes." });
  }
  if (stream.used && !stream.connected && connection.state === "running") alerts.push({ tone: "bad", title: "The change stream of the org is not connected.", detail: "It is opened again by itself; changes of the last three days are kept by Salesforce." });
  else if (stream.position_age_ms !== null && stream.position_age_ms > STREAM_OLD_MS) alerts.push({ tone: "warn", title: `The change stream was last read to its end ${duration(stream.position_age_ms)} ago.` });
  for (const worker of workers.filter((each) => each.errors_in_a_row > 2 && each.last_error)) {
    alerts.push({ tone: "bad", title: `${worker.name}: ${worker.last_error!.message}`, detail: `${count(worker.errors_in_a_row, "error")} in a row. ${worker.last_error!.hint}` });
  }
  if (api_usage?.exhausted_in_ms != null) alerts.push({ tone: "warn", title: `At this rate the org's API calls are used up in ${duration(api_usage.exhausted_in_ms)}.` });
  else if (api_usage && api_usage.used > api_usage.allowed * BUDGET_NEAR) alerts.push({ tone: "warn", title: "More than 90 % of the org's API calls of 24 hours are used." });
  return alerts;
}

export function Alerts({ connection }: { connection: Connection }) {
  const { state } = useLive();
  const alerts = alertsOf(connection);
  if (state === "lost") alerts.unshift({ tone: "bad", title: "This page is not live: Duet does not answer.", detail: "What you see is from before. It is tried again." });
  if (alerts.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="What needs attention">
      {alerts.map((alert) => (
        <li key={alert.title} className={styles.alert} data-tone={alert.tone}>
          {alert.tone === "bad" ? <CircleAlert size={16} aria-hidden="true" /> : <TriangleAlert size={16} aria-hidden="true" />}
          <div>
            <p className={styles.title}>{alert.title}</p>
            {alert.detail && <p className={styles.detail}>{alert.detail}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
