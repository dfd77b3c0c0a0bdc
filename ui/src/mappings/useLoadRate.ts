import { useEffect, useRef, useState } from "react";
import type { Mapping } from "@/api/types";

const SMOOTH = 0.3;
const APART_MS = 900;

/** Rows a second of the load that runs; null when none does, or it is not known yet. */
export function useLoadRate(mapping: Mapping): number | null {
  const [rate, setRate] = useState<number | null>(null);
  const last = useRef<{ rows: number; at: number } | null>(null);

  useEffect(() => {
    if (mapping.state !== "loading") {
      last.current = null;
      setRate(null);
      return;
    }
    const now = { rows: mapping.loaded_rows, at: Date.now() };
    const before = last.current;
    if (before && now.at - before.at < APART_MS) return;
    last.current = now;
    if (!before || now.rows < before.rows) return;
    const measured = ((now.rows - before.rows) * 1_000) / (now.at - before.at);
    setRate((smoothed) => Math.round(smoothed === null ? measured : smoothed * (1 - SMOOTH) + measured * SMOOTH));
  }, [mapping.state, mapping.loaded_rows]);
  return rate;
}
