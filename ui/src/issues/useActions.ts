import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, client, unwrap } from "@/api/client";
import type { ActionResult, Decision, Issue, IssueAction, Side } from "@/api/types";
import { count } from "@/parts/format";
import { SIDE_NAMES } from "@/parts/Side";
import { toast, toastError } from "@/parts/Toasts";

export type Act = { id: number; action: IssueAction; decision?: Decision };

const DONE: Record<IssueAction, string> = { retry: "Sent again", revert: "Reverted", resolve: "Resolved", ignore: "Ignored" };

export function act({ id, action, decision }: Act): Promise<ActionResult> {
  const params = { path: { id } };
  switch (action) {
    case "retry":
      return unwrap(client.POST("/api/v1/issues/{id}/retry", { params, body: {} }));
    case "revert":
      return unwrap(client.POST("/api/v1/issues/{id}/revert", { params, body: {} }));
    case "ignore":
      return unwrap(client.POST("/api/v1/issues/{id}/ignore", { params, body: {} }));
    case "resolve":
      return unwrap(client.POST("/api/v1/issues/{id}/resolve", { params, body: decision ?? {} }));
  }
}

/** What lost to a person's choice of one side becomes the value of both, from the journal. */
async function takeOther(issue: Issue): Promise<number> {
  const where = { object: issue.object!, reason: "resolved", limit: 50, ...(issue.sfid ? { sfid: issue.sfid } : { record_id: issue.record_id! }) };
  const { entries } = await unwrap(client.GET("/api/v1/journal", { params: { query: where } }));
  const lost = issue.fields.flatMap((field) => entries.find((entry) => entry.field === field.name) ?? []);
  for (const entry of lost) await unwrap(client.POST("/api/v1/journal/{id}/revert", { params: { path: { id: entry.id } }, body: {} }));
  return lost.length;
}

const OTHER: Record<Side, Side> = { salesforce: "postgres", postgres: "salesforce" };

/** Acts on one issue, says what came of it and offers to take it back. */
export function useIssueAction(onDone?: (result: ActionResult) => void) {
  const cache = useQueryClient();
  const refresh = () => {
    for (const key of ["issue", "issues", "issue-groups", "issue-count", "journal", "record", "audit"]) void cache.invalidateQueries({ queryKey: [key] });
  };
  const other = useMutation({
    mutationFn: takeOther,
    onSuccess: (fields) => toast({ tone: fields > 0 ? "ok" : "bad", text: fields > 0 ? `Changed: ${count(fields, "field")}` : "The journal has no value to bring back" }),
    onError: toastError,
    onSettled: refresh,
  });
  const mutation = useMutation({
    mutationFn: act,
    onSuccess(result, { id, action, decision }) {
      const side = action === "resolve" && decision?.use && decision.use !== "base" && !decision.always ? OTHER[decision.use] : null;
      toast({
        tone: "ok",
        text: `${DONE[action]}: issue ${id}`,
        detail: result.writes === 0 ? "Nothing had to be written." : `${count(result.writes, "write")} on the way.`,
        action: side && result.issue.object && (result.issue.sfid ?? result.issue.record_id) !== null ? { label: `${SIDE_NAMES[side]} after all`, run: () => other.mutate(result.issue) } : undefined,
      });
      onDone?.(result);
    },
    onError(error) {
      // The page of the issue says more about a stale one.
      if (!(error instanceof ApiError && error.code === "stale")) toastError(error);
    },
    onSettled: refresh,
  });
  return mutation;
}
