import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router-dom";
import type { IssueQuery } from "@/api/queries";
import type { IssueFilter } from "@/api/types";

const NAMES = ["state", "kind", "object", "code", "field", "rule", "text", "sfid"] as const;
export type FilterName = (typeof NAMES)[number];
export type Filter = Partial<Record<FilterName, string>>;

export const DEFAULT_STATE = "open";

/** The filter as the address bar has it, so that it can be sent to somebody. */
export function useFilter(): { filter: Filter; grouped: boolean; set(change: Filter & { grouped?: boolean }): void; clear(): void } {
  const [parameters, setParameters] = useSearchParams();
  const filter = useMemo(() => {
    const found: Filter = { state: DEFAULT_STATE };
    for (const name of NAMES) {
      const value = parameters.get(name);
      if (value) found[name] = value;
    }
    return found;
  }, [parameters]);
  const set = useCallback(
    ({ grouped, ...change }: Filter & { grouped?: boolean }) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          if (grouped !== undefined) grouped ? next.set("grouped", "true") : next.delete("grouped");
          for (const [name, value] of Object.entries(change)) value ? next.set(name, value) : next.delete(name);
          return next;
        },
        { replace: true },
      ),
    [setParameters],
  );
  return { filter, grouped: parameters.get("grouped") === "true", set, clear: () => setParameters({}, { replace: true }) };
}

/** For the lists of the API. */
export function queryOf(filter: Filter): IssueQuery {
  return filter as IssueQuery;
}

/** For actions in bulk. */
export function bulkFilterOf(filter: Filter): IssueFilter {
  return filter as IssueFilter;
}

export function isNarrow(filter: Filter): boolean {
  return NAMES.some((name) => name !== "state" && filter[name]);
}
