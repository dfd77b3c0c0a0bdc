import { useEffect, useMemo, useState } from "react";
import type { Issue } from "@/api/types";

export type Selection = {
  /** All that match the filter, loaded or not. */
  all: boolean;
  size: number;
  ids: number[];
  has(id: number): boolean;
  /** With `range` also everything between the issue and the one toggled before. */
  toggle(id: number, range?: boolean): void;
  selectLoaded(): void;
  selectAll(): void;
  clear(): void;
};

/** The issues a person has ticked; forgotten when `scope`, the filter, changes. */
export function useSelection(issues: Issue[], scope: string): Selection {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const [all, setAll] = useState(false);
  const [anchor, setAnchor] = useState<number | null>(null);

  useEffect(() => {
    setIds(new Set());
    setAll(false);
    setAnchor(null);
  }, [scope]);

  return useMemo(
    () => ({
      all,
      size: ids.size,
      ids: [...ids],
      has: (id) => all || ids.has(id),
      toggle(id, range = false) {
        const next = new Set(all ? issues.map((each) => each.id) : ids);
        const on = !next.has(id);
        const from = range && anchor !== null ? issues.findIndex((each) => each.id === anchor) : -1;
        const to = issues.findIndex((each) => each.id === id);
        const touched = from < 0 || to < 0 ? [id] : issues.slice(Math.min(from, to), Math.max(from, to) + 1).map((each) => each.id);
        for (const each of touched) on ? next.add(each) : next.delete(each);
        setAll(false);
        setIds(next);
        setAnchor(id);
      },
      selectLoaded() {
        setAll(false);
        setIds(new Set(issues.map((each) => each.id)));
      },
      selectAll: () => setAll(true),
      clear() {
        setIds(new Set());
        setAll(false);
      },
    }),
    [issues, ids, all, anchor],
  );
}
