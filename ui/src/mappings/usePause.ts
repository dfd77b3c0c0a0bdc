import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "@/api/client";
import { toast, toastError } from "@/parts/Toasts";

export function usePause() {
  const cache = useQueryClient();
  const done = (text: string) => () => {
    toast({ tone: "ok", text });
    void cache.invalidateQueries({ queryKey: ["status"] });
  };
  const pause = useMutation({
    mutationFn: (outbound: boolean) => unwrap(client.POST("/api/v1/pause", { body: { outbound } })),
    onSuccess: (_, outbound) => done(outbound ? "Outbound is paused" : "Paused")(),
    onError: toastError,
  });
  const resume = useMutation({ mutationFn: () => unwrap(client.POST("/api/v1/resume", { body: {} })), onSuccess: done("Resumed"), onError: toastError });
  return { pause: pause.mutate, resume: () => resume.mutate(), busy: pause.isPending || resume.isPending };
}
