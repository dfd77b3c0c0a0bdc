const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const STAMP = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export const number = (value: number) => NUMBER.format(value);
export const compact = (value: number) => COMPACT.format(value);
export const stamp = (at: string | number | Date) => STAMP.format(new Date(at));

/** `1 issue`, `2 issues`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

const AGE_UNITS: [string, number][] = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];

/** A duration for people: `4 ms`, `1.2 s`, `3 min`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} d`;
}

/** How long ago, short: `now`, `12 s`, `5 min`; a date after a week. */
export function age(at: string, now: number): string {
  const past = now - Date.parse(at);
  if (past < 2_000) return "now";
  if (past >= 7 * 86_400_000) return DAY.format(new Date(at));
  for (const [unit, ms] of AGE_UNITS) if (past >= ms) return `${Math.floor(past / ms)} ${unit} ago`;
  return "now";
}

/** `FIELD_CUSTOM_VALIDATION_EXCEPTION` -> `Field custom validation exception`. */
export function words(code: string): string {
  const text = code.replace(/_/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
