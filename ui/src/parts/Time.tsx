import { useSyncExternalStore } from "react";
import { age, stamp } from "./format";

let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, 5_000);

export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

/** How long ago; the exact time as a title. */
export function Time({ at, exact = false }: { at: string | null | undefined; exact?: boolean }) {
  const current = useNow();
  if (!at) return <span className="faint">–</span>;
  return (
    <time dateTime={at} title={stamp(at)} className="nowrap">
      {exact ? stamp(at) : age(at, Math.max(current, Date.now() - 5_000))}
    </time>
  );
}
