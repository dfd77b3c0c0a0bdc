import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { ApiError, client, setCsrfToken, unwrap, whenSignedOut } from "@/api/client";
import type { Role, Session } from "@/api/types";

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

type SessionState = {
  session: Session | null;
  loading: boolean;
  /** Why it cannot be told whether somebody is signed in. */
  problem: ApiError | null;
  signIn(user: string, password: string): Promise<void>;
  signOut(): Promise<void>;
};

const SessionContext = createContext<SessionState | null>(null);

async function readSession(): Promise<Session | null> {
  try {
    const session = await unwrap(client.GET("/api/v1/session"));
    setCsrfToken(session.csrf_token);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const query = useQuery({ queryKey: ["session"], queryFn: readSession, staleTime: Infinity, retry: false });

  useEffect(() => whenSignedOut(() => cache.setQueryData(["session"], null)), [cache]);

  const value = useMemo<SessionState>(
    () => ({
      session: query.data ?? null,
      loading: query.isPending,
      problem: query.error instanceof ApiError ? query.error : null,
      async signIn(user, password) {
        const session = await unwrap(client.POST("/api/v1/session", { body: { user, password } }));
        setCsrfToken(session.csrf_token);
        cache.setQueryData(["session"], session);
      },
      async signOut() {
        await unwrap(client.DELETE("/api/v1/session"));
        setCsrfToken(null);
        cache.setQueryData(["session"], null);
        // Nothing of what one person saw is left for the next.
        cache.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      },
    }),
    [cache, query.data, query.isPending, query.error],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

export function useSessionState(): SessionState {
  const state = useContext(SessionContext);
  if (!state) throw new Error("outside of SessionProvider");
  return state;
}

/** Whether the person may do what needs the role; the server decides again. */
export function useMay(role: Role): boolean {
  const { session } = useSessionState();
  return session !== null && RANKS[session.role] >= RANKS[role];
}
