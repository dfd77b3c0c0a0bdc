import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";

/** What went wrong, as the API says it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
  }
}

let csrfToken: string | null = null;
let connectionName = "";
let onSignedOut: () => void = () => {};

export function setCsrfToken(token: string | null) {
  csrfToken = token;
}

/** The connection that every call is about; empty while there is only one. */
export function setConnection(name: string) {
  connectionName = name;
}

export function connectionParameter(): { connection?: string } {
  return connectionName ? { connection: connectionName } : {};
}

/** Called when the server no longer knows the session. */
export function whenSignedOut(handler: () => void) {
  onSignedOut = handler;
}

// The fetch of the moment of the call, so that tests can replace it.
export const client = createClient<paths>({ baseUrl: "/", fetch: (request) => fetch(request) });

client.use({
  onRequest({ request, schemaPath }) {
    if (request.method !== "GET" && csrfToken) request.headers.set("X-Duet-CSRF", csrfToken);
    if (!connectionName || /^\/api\/v1\/(session|users|tokens|openapi)/.test(schemaPath)) return undefined;
    const url = new URL(request.url);
    url.searchParams.set("connection", connectionName);
    return new Request(url, request);
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && !schemaPath.startsWith("/api/v1/session")) onSignedOut();
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer; throws ApiError. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  let settled: Answer<T>;
  try {
    settled = await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "Duet does not answer", "Is duet serve running?");
  }
  const { data, error, response } = settled;
  if (response.ok) return data as T;
  const said = (error as { error?: { code?: string; message?: string; hint?: string } } | undefined)?.error;
  throw new ApiError(response.status, said?.code ?? `http_${response.status}`, said?.message ?? `HTTP ${response.status}`, said?.hint);
}
