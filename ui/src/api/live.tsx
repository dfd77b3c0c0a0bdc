import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { client, connectionParameter, setConnection, unwrap } from "./client";
import { recordSample } from "./samples";
import type { Connection, Status } from "./types";

export type LiveState = "connecting" | "live" | "lost";

type Live = {
  state: LiveState;
  status: Status | undefined;
  error: unknown;
  /** The chosen one of the connections. */
  connection: Connection | undefined;
  choose(name: string): void;
};

const KEY = "duet.connection";
const GATHER_MS = 400;
const SAMPLE_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;
const SILENCE_MS = 40_000;
// A browser has few connections to one server: a tab that nobody looks at gives its own back.
const HIDDEN_MS = 30_000;

const LiveContext = createContext<Live | null>(null);

/** Marks what is shown as old, at most every 400 ms, however much happens. */
function gatherer(cache: QueryClient) {
  const wanted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    add(key: string) {
      wanted.add(key);
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const each of wanted) void cache.invalidateQueries({ queryKey: [each] });
        wanted.clear();
      }, GATHER_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Follows the event stream and connects again when it breaks; after a break everything is read again. */
function follow(cache: QueryClient, onState: (state: LiveState) => void): () => void {
  const old = gatherer(cache);
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_RETRY_MS;
  let broken = false;

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  }

  function lost() {
    source?.close();
    clearTimeout(silence);
    broken = true;
    onState("lost");
    void cache.invalidateQueries({ queryKey: ["session"] });
    retry = setTimeout(open, wait);
    wait = Math.min(wait * 2, LONGEST_RETRY_MS);
  }

  function open() {
    const url = new URLSearchParams(connectionParameter()).toString();
    source = new EventSource(`/api/v1/stream${url && `?${url}`}`);
    heard();
    source.onopen = () => {
      wait = FIRST_RETRY_MS;
      onState("live");
      heard();
      if (broken) void cache.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      broken = false;
    };
    source.onerror = lost;
    source.addEventListener("ping", heard);
    source.addEventListener("status", (event) => {
      heard();
      cache.setQueryData(["status"], JSON.parse(event.data) as Status);
    });
    source.addEventListener("issue", () => {
      heard();
      for (const key of ["issues", "issue", "issue-groups", "issue-count", "record", "audit"]) old.add(key);
    });
    source.addEventListener("journal", () => {
      heard();
      for (const key of ["journal", "record"]) old.add(key);
    });
  }

  function close() {
    source?.close();
    source = undefined;
    clearTimeout(retry);
    clearTimeout(silence);
  }

  function onVisibility() {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") {
      hidden = setTimeout(() => {
        close();
        broken = true;
        onState("connecting");
      }, HIDDEN_MS);
    } else if (!source || source.readyState === EventSource.CLOSED) {
      close();
      wait = FIRST_RETRY_MS;
      open();
    }
  }

  open();
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    clearTimeout(hidden);
    close();
    old.stop();
  };
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const [chosen, setChosen] = useState(() => localStorage.getItem(KEY) ?? "");
  const { data: status, error } = useQuery({ queryKey: ["status"], queryFn: () => unwrap(client.GET("/api/v1/status")), refetchInterval: state === "live" ? false : 5_000 });

  const connection = status?.connections.find((each) => each.name === chosen) ?? status?.connections[0];
  const several = (status?.connections.length ?? 0) > 1;
  // Before the children's first call, so that none is about another connection.
  setConnection(several ? (connection?.name ?? "") : "");

  useEffect(() => follow(cache, setState), [cache]);

  useEffect(() => {
    const timer = setInterval(() => {
      const current = cache.getQueryData<Status>(["status"]);
      if (current && state === "live") recordSample(current);
    }, SAMPLE_MS);
    return () => clearInterval(timer);
  }, [cache, state]);

  const value = useMemo<Live>(
    () => ({
      state,
      status,
      error,
      connection,
      choose(name) {
        localStorage.setItem(KEY, name);
        setConnection(name);
        setChosen(name);
        void cache.invalidateQueries({ predicate: (query) => !["session", "status"].includes(String(query.queryKey[0])) });
      },
    }),
    [cache, state, status, error, connection],
  );
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("outside of LiveProvider");
  return live;
}
