import { expect, it } from "vitest";
import { age, count, duration, words } from "./format";
import { sameValue, visible } from "./Value";

it("writes durations for people", () => {
  expect([4, 1_234, 65_000, 3_600_000, 7_500_000, 1e8, 9e8].map(duration)).toEqual(["4 ms", "1.2 s", "1 min", "1 h", "2 h 5 min", "27 h", "10 d"]);
});

it("writes ages in one unit", () => {
  const now = Date.parse("2026-01-10T12:00:00Z");
  const before = (ms: number) => age(new Date(now - ms).toISOString(), now);
  expect([500, 12_400, 119_000, 5 * 3_600_000, 50 * 3_600_000].map(before)).toEqual(["now", "12 s ago", "1 min ago", "5 h ago", "2 d ago"]);
  expect(before(8 * 86_400_000)).toBe("2 Jan 2026");
});

it("counts", () => {
  expect([count(1, "issue"), count(1_000, "issue")]).toEqual(["1 issue", "1,000 issues"]);
  expect(words("STRING_TOO_LONG")).toBe("String too long");
});

it("shows what would hide in a text", () => {
  expect(visible("a\u202Eb\u0000")).toBe("a␣U+202E␣b␣U+0000␣");
  expect(visible("Zoë\nÅ 中 😀")).toBe("Zoë\nÅ 中 😀");
});

it("tells values apart as JSON does", () => {
  expect(sameValue("1", 1)).toBe(false);
  expect(sameValue(null, undefined)).toBe(false);
  expect(sameValue(undefined, undefined)).toBe(true);
});
