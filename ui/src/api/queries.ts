import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, connectionParameter, unwrap } from "./client";
import type { paths } from "./schema.gen";
import type { components } from "./schema.gen";

type IssueParameters = NonNullable<paths["/api/v1/issues"]["get"]["parameters"]["query"]>;
export type IssueQuery = Omit<IssueParameters, "connection" | "grouped" | "limit" | "before">;
export type JournalQuery = Omit<NonNullable<paths["/api/v1/journal"]["get"]["parameters"]["query"]>, "connection" | "limit" | "before">;
export type AuditQuery = Omit<NonNullable<paths["/api/v1/audit"]["get"]["parameters"]["query"]>, "connection" | "limit" | "before">;

type Issues = components["schemas"]["Issues"];
type IssueGroups = components["schemas"]["IssueGroups"];

const PAGE = 200;

// The connection is part of every key: what belongs to one is never shown under another.
const of = (...parts: unknown[]) => [...parts, connectionParameter()];

export const issuesQuery = (query: IssueQuery, limit: number) =>
  queryOptions({
    queryKey: of("issues", query, limit),
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/issues", { params: { query: { ...query, limit } }, signal })) as Promise<Issues>,
  });

export const issuePagesQuery = (query: IssueQuery) =>
  infiniteQueryOptions({
    queryKey: of("issues", query),
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/v1/issues", { params: { query: { ...query, limit: PAGE, ...(pageParam ? { before: pageParam } : {}) } }, signal })) as Promise<Issues>,
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const issueGroupsQuery = (query: IssueQuery) =>
  queryOptions({
    queryKey: of("issue-groups", query),
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/issues", { params: { query: { ...query, grouped: true } }, signal })) as unknown as Promise<IssueGroups>,
  });

export const issueQuery = (id: number) =>
  queryOptions({
    queryKey: of("issue", id),
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/issues/{id}", { params: { path: { id } }, signal })),
  });

export const journalQuery = (query: JournalQuery, limit: number) =>
  queryOptions({
    queryKey: of("journal", query, limit),
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/journal", { params: { query: { ...query, limit } }, signal })),
  });

export const journalPagesQuery = (query: JournalQuery) =>
  infiniteQueryOptions({
    queryKey: of("journal", query),
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/v1/journal", { params: { query: { ...query, limit: 100, ...(pageParam ? { before: pageParam } : {}) } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const recordQuery = (object: string, id: string) =>
  queryOptions({
    queryKey: of("record", object, id),
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/records/{object}/{id}", { params: { path: { object, id } }, signal })),
    retry: false,
  });

export const historyQuery = (object: string, id: string, at?: string, limit = 100) =>
  queryOptions({
    queryKey: of("record", object, id, "history", at, limit),
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/records/{object}/{id}/history", { params: { path: { object, id }, query: { limit, ...(at ? { at } : {}) } }, signal })),
    retry: false,
  });

export const auditPagesQuery = (query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: of("audit", query),
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/v1/audit", { params: { query: { ...query, limit: 100, ...(pageParam ? { before: pageParam } : {}) } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  });
