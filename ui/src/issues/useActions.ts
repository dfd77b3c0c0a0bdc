import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, client, unwrap } from "@/api/client";
import type { ActionResult, Decision, IssueAction } from "@/api/types";
import { count } from "@/parts/format";
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

/** Acts on one issue, says what came of it and offers to take it back. */
export function useIssueAction(onDone?: (result: ActionResult) => void) {
  const cache = useQueryClient();
  const mutation = useMutation({
    mutationFn: act,
    onSuccess(result, { id, action }) {
      const undo = action !== "revert" && result.issue.actions.includes("revert");
      toast({
        tone: "ok",
        text: `${DONE[action]}: issue ${id}`,
        detail: result.writes === 0 ? "Nothing had to be written." : `${count(result.writes, "write")} on the way.`,
        action: undo ? { label: "Undo", run: () => mutation.mutate({ id, action: "revert" }) } : undefined,
      });
      onDone?.(result);
    },
    onError(error) {
      // The page of the issue says more about a stale one.
      if (!(error instanceof ApiError && error.code === "stale")) toastError(error);
    },
    onSettled() {
      for (const key of ["issue", "issues", "issue-groups", "issue-count", "journal", "record", "audit"]) void cache.invalidateQueries({ queryKey: [key] });
    },
  });
  return mutation;
}
