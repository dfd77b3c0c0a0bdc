import { useMemo } from "react";
import { useSamples } from "@/api/samples";
import type { Connection } from "@/api/types";
import { Chart, type Series } from "@/parts/Chart";
import { Panel } from "@/parts/Panel";
import { duration, number } from "@/parts/format";
import styles from "./LiveCharts.module.css";

const WAYS: Series[] = [
  { label: "Salesforce → PostgreSQL", color: "--sf" },
  { label: "PostgreSQL → Salesforce", color: "--pg" },
];

const perSecond = (value: number) => (value >= 10 ? number(Math.round(value)) : value.toFixed(1));

export function LiveCharts({ connection }: { connection: Connection }) {
  const samples = useSamples(connection.name);
  const { times, lags, rates } = useMemo(
    () => ({
      times: samples.map((each) => each.at),
      lags: [samples.map((each) => each.inboundLag), samples.map((each) => each.outboundLag)],
      rates: [samples.map((each) => each.inboundRate), samples.map((each) => each.outboundRate)],
    }),
    [samples],
  );
  const last = samples.at(-1);
  const lagSummary = last ? `Lag now: ${last.inboundLag === null ? "not known" : duration(last.inboundLag)} into PostgreSQL, ${duration(last.outboundLag)} into Salesforce` : "Lag: no samples yet";
  const rateSummary = last ? `Records per second now: ${perSecond(last.inboundRate ?? 0)} into PostgreSQL, ${perSecond(last.outboundRate ?? 0)} into Salesforce` : "Records per second: no samples yet";
  return (
    <div className={styles.charts}>
      <Panel title="Lag" aside="last 5 minutes">
        <Chart times={times} values={lags} series={WAYS} format={duration} summary={lagSummary} />
      </Panel>
      <Panel title="Records per second" aside="last 5 minutes">
        <Chart times={times} values={rates} series={WAYS} format={(value) => number(Math.round(value))} summary={rateSummary} />
      </Panel>
    </div>
  );
}
