import { CircleAlert, CircleCheck, X } from "@/parts/icons";
import { useSyncExternalStore } from "react";
import { ApiError } from "@/api/client";
import { Button } from "./Button";
import styles from "./Toasts.module.css";

type Toast = { id: number; tone: "ok" | "bad"; text: string; detail?: string; action?: { label: string; run: () => void } };

const SHOWN_MS = 7_000;
const MOST = 4;
let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => change(toasts.filter((each) => each.id !== id));

/** Says what came of an action. */
export function toast(entry: Omit<Toast, "id">) {
  const id = nextId++;
  change([...toasts.slice(1 - MOST), { ...entry, id }]);
  if (entry.tone === "ok") setTimeout(() => dismiss(id), SHOWN_MS);
}

export function toastError(error: unknown) {
  const known = error instanceof ApiError ? error : new ApiError(0, "bug", String(error));
  toast({ tone: "bad", text: known.message, detail: known.hint });
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={styles.stack} role="region" aria-label="Messages" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className={styles.toast} data-tone={each.tone}>
          {each.tone === "ok" ? <CircleCheck size={16} aria-hidden="true" /> : <CircleAlert size={16} aria-hidden="true" />}
          <div>
            <p className={styles.text}>{each.text}</p>
            {each.detail && <p className={styles.detail}>{each.detail}</p>}
          </div>
          {each.action && (
            <Button
              size="small"
              onClick={() => {
                each.action?.run();
                dismiss(each.id);
              }}
            >
              {each.action.label}
            </Button>
          )}
          <Button look="quiet" size="small" icon={<X size={14} />} aria-label="Dismiss" onClick={() => dismiss(each.id)} />
        </div>
      ))}
    </div>
  );
}
