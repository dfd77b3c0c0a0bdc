import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, client, unwrap } from "@/api/client";
import type { JournalEntry } from "@/api/types";
import { useMay } from "@/app/session";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { toast, toastError } from "@/parts/Toasts";

/** Makes the value that lost the value of both sides again; asks once more when the field has moved on. */
export function BringBack({ entry }: { entry: JournalEntry }) {
  const operator = useMay("operator");
  const cache = useQueryClient();
  const mutation = useMutation({
    mutationFn: (force: boolean) => unwrap(client.POST("/api/v1/journal/{id}/revert", { params: { path: { id: entry.id } }, body: { force } })),
    onSuccess: () => toast({ tone: "ok", text: `${entry.field} is brought back`, detail: "The write is on its way to both sides." }),
    onError: (error) => {
      if (!(error instanceof ApiError && error.code === "stale")) toastError(error);
    },
    onSettled() {
      for (const key of ["journal", "issues", "issue", "record", "audit"]) void cache.invalidateQueries({ queryKey: [key] });
    },
  });
  if (!operator || !entry.field || entry.lost === undefined) return null;
  if (mutation.error instanceof ApiError && mutation.error.code === "stale") {
    return (
      <Notice tone="warn" title="The field holds another value by now: nothing was written." action={<Button size="small" look="danger" onClick={() => mutation.mutate(true)}>Bring it back anyway</Button>}>
        {mutation.error.message}
      </Notice>
    );
  }
  return <Button busy={mutation.isPending} disabled={mutation.isSuccess} onClick={() => mutation.mutate(false)}>Bring the lost value back</Button>;
}
