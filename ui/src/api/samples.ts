import { useSyncExternalStore } from "react";
import type { Connection, Status } from "./types";

/** What a connection looked like at a second; null where it was not known. */
export type Sample = {
  at: number;
  inboundLag: number | null;
  outboundLag: number;
  inboundRate: number | null;
  outboundRate: number | null;
  pending: number;
  issues: number;
};

/** Ten minutes, as long as the page is open. */
export const SAMPLES_MAX = 600;

const series = new Map<string, Sample[]>();
const last = new Map<string, { at: number; inbound: number; outbound: number }>();
const listeners = new Set<() => void>();
const NONE: Sample[] = [];

const sum = (values: number[]) => values.reduce((total, each) => total + each, 0);

export function sampleOf(connection: Connection, at: number): Sample {
  const lags = connection.mappings.map((each) => each.lag_ms.inbound).filter((each) => each !== null);
  const inbound = (connection.counters.records_applied ?? 0) + (connection.counters.rows_loaded ?? 0);
  const outbound = connection.counters.attempts_accepted ?? 0;
  const before = last.get(connection.name);
  last.set(connection.name, { at, inbound, outbound });
  // Counters begin again with the process.
  const rate = (now: number, then: number | undefined) =>
    before && then !== undefined && now >= then && at > before.at ? ((now - then) * 1_000) / (at - before.at) : null;
  return {
    at,
    inboundLag: lags.length ? Math.max(...lags) : null,
    outboundLag: Math.max(0, ...connection.mappings.map((each) => each.lag_ms.outbound)),
    inboundRate: rate(inbound, before?.inbound),
    outboundRate: rate(outbound, before?.outbound),
    pending: sum(connection.mappings.map((each) => each.pending)),
    issues: sum(connection.mappings.map((each) => each.issues)),
  };
}

export function recordSample(status: Status, at = Date.now()) {
  for (const connection of status.connections) {
    const samples = series.get(connection.name) ?? [];
    series.set(connection.name, [...samples.slice(1 - SAMPLES_MAX), sampleOf(connection, at)]);
  }
  for (const listener of listeners) listener();
}

export function useSamples(connection: string | undefined): Sample[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => (connection && series.get(connection)) || NONE,
  );
}
