import { Ban, CircleHelp, EyeOff, GitMerge, type Icon, OctagonPause, Table2 } from "@/parts/icons";
import type { Issue, IssueKind, IssueState } from "@/api/types";
import { Pill, type Tone } from "@/parts/Pill";
import { words } from "@/parts/format";
import styles from "./IssueTitle.module.css";

export const KINDS: Record<IssueKind, { label: string; icon: Icon; says: string }> = {
  conflict: { label: "Conflict", icon: GitMerge, says: "both sides changed it" },
  rejected: { label: "Refused write", icon: Ban, says: "Salesforce refused the write" },
  unknown: { label: "Unknown outcome", icon: CircleHelp, says: "nobody knows whether the write arrived" },
  schema: { label: "Schema", icon: Table2, says: "the schema does not fit" },
  breaker: { label: "Breaker", icon: OctagonPause, says: "stopped for safety" },
  unreadable: { label: "Not applied", icon: EyeOff, says: "a change cannot be applied" },
};

export const STATES: Record<IssueState, { label: string; tone: Tone }> = {
  open: { label: "Open", tone: "warn" },
  decided: { label: "Decided by rule", tone: "info" },
  resolved: { label: "Resolved", tone: "ok" },
  reverted: { label: "Reverted", tone: "neutral" },
  superseded: { label: "Superseded", tone: "neutral" },
  ignored: { label: "Ignored", tone: "neutral" },
};

export function KindIcon({ kind, size = 16 }: { kind: IssueKind; size?: number }) {
  const { icon: Icon, label } = KINDS[kind];
  return <Icon size={size} strokeWidth={1.9} className={styles.icon} data-kind={kind} aria-label={label} role="img" />;
}

export function StatePill({ state }: { state: IssueState }) {
  return <Pill tone={STATES[state].tone} dot={state === "open"}>{STATES[state].label}</Pill>;
}

/** `Contact Phone, Title: both sides changed it`. */
export function IssueTitle({ issue, short = false }: { issue: Pick<Issue, "object" | "kind" | "code" | "fields">; short?: boolean }) {
  const fields = issue.fields.map((each) => each.name).join(", ");
  // Beside the icon and the message a list needs no third word for it.
  if (short && issue.kind === "conflict" && fields) return <><strong>{issue.object}</strong> {fields}</>;
  return (
    <>
      <strong>{issue.object ?? "Connection"}</strong>
      {fields && <> {fields}</>}
      <span className={styles.says}> · {issue.code && issue.kind !== "conflict" ? words(issue.code) : KINDS[issue.kind].says}</span>
    </>
  );
}
