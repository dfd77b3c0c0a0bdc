import { expect, it } from "vitest";
import type { Connection } from "./types";
import { sampleOf } from "./samples";

const connection = (name: string, applied: number, lags: (number | null)[]) =>
  ({ name, counters: { records_applied: applied, attempts_accepted: 0 }, mappings: lags.map((inbound) => ({ lag_ms: { inbound, outbound: 3 }, pending: 2, issues: 1 })) }) as unknown as Connection;

it("makes rates of counters, and none over a restart", () => {
  expect(sampleOf(connection("a", 100, [1]), 1_000).inboundRate).toBeNull();
  expect(sampleOf(connection("a", 150, [1]), 2_000).inboundRate).toBe(50);
  expect(sampleOf(connection("a", 10, [1]), 3_000).inboundRate).toBeNull();
  expect(sampleOf(connection("a", 30, [1]), 5_000).inboundRate).toBe(10);
});

it("shows the longest lag, and none where none is known", () => {
  expect(sampleOf(connection("b", 0, [4, null, 9]), 0)).toMatchObject({ inboundLag: 9, outboundLag: 3, pending: 6, issues: 3 });
  expect(sampleOf(connection("b", 0, [null]), 1).inboundLag).toBeNull();
});
