import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "@/parts/icons";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams } from "react-router-dom";
import { ApiError } from "@/api/client";
import { issueQuery } from "@/api/queries";
import type { Issue, IssueAction } from "@/api/types";
import { useMay } from "@/app/session";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { PageHead } from "@/parts/Panel";
import { Failure, Loading } from "@/parts/States";
import { Time } from "@/parts/Time";
import { useShortcuts } from "@/parts/useShortcuts";
import { AlwaysRule } from "./AlwaysRule";
import { type Choices, choosable, chooseForAll, decisionOf, isComplete, pastChoice, type Source } from "./decision";
import { DecisionBar } from "./DecisionBar";
import { FieldTable } from "./FieldTable";
import { IssueFacts } from "./IssueFacts";
import styles from "./IssuePage.module.css";
import { IssueTitle, KINDS, KindIcon, StatePill } from "./IssueTitle";
import { useIssueAction } from "./useActions";
import { useNeighbours } from "./useNeighbours";

/** Where one is and how to go on; there also while the issue is loading, so that no key is lost between two issues. */
export function IssuePage() {
  const id = Number(useParams().id);
  const navigate = useNavigate();
  const neighbours = useNeighbours(id);
  const { data: issue, error, refetch } = useQuery({ ...issueQuery(id), enabled: Number.isInteger(id) && id > 0 });
  const back = `/issues${window.location.search}`;
  const go = (to: number | undefined) => to !== undefined && navigate(`/issues/${to}${window.location.search}`);

  useShortcuts({ j: () => go(neighbours.next), k: () => go(neighbours.previous), Escape: () => navigate(back) });

  if (!(Number.isInteger(id) && id > 0)) return <Failure error={new ApiError(404, "not_found", "There is no such issue")} />;
  return (
    <>
      <nav className={styles.crumbs} aria-label="Issues">
        <Link to={back}>Issues</Link>
        <span className="faint">#{id}</span>
        <span className={styles.neighbours}>
          <Button look="quiet" size="small" icon={<ChevronLeft size={15} />} aria-label="Previous issue (k)" disabled={neighbours.previous === undefined} onClick={() => go(neighbours.previous)} />
          <Button look="quiet" size="small" icon={<ChevronRight size={15} />} aria-label="Next issue (j)" disabled={neighbours.next === undefined} onClick={() => go(neighbours.next)} />
        </span>
      </nav>
      {issue ? <Shown key={issue.id} issue={issue} reload={() => void refetch()} /> : error ? <Failure error={error} retry={() => void refetch()} /> : <Loading lines={9} label="Loading the issue" />}
    </>
  );
}

function Shown({ issue, reload }: { issue: Issue; reload: () => void }) {
  const operator = useMay("operator");
  const [choices, setChoices] = useState<Choices>({});
  const [always, setAlways] = useState(false);
  const action = useIssueAction(() => setChoices({}));
  const may = (name: IssueAction) => operator && issue.actions.includes(name);
  const stale = action.error instanceof ApiError && action.error.code === "stale" ? action.error : null;
  const canUse = (source: Source) => may("resolve") && issue.fields.length > 0 && issue.fields.every((field) => choosable(field, source));

  // Somebody else may have acted meanwhile: what was chosen was chosen for another state.
  useEffect(() => setChoices({}), [issue.state, issue.updated_at]);

  const use = (source: Source) => {
    if (canUse(source)) action.mutate({ id: issue.id, action: "resolve", decision: decisionOf(issue, chooseForAll(issue, source), always && source !== "base") });
  };
  const run = (name: IssueAction) => may(name) && action.mutate({ id: issue.id, action: name });

  useShortcuts({
    s: () => use("salesforce"),
    p: () => use("postgres"),
    b: () => use("base"),
    r: () => run("retry"),
    v: () => run("revert"),
    i: () => run("ignore"),
  });

  const shownChoices = Object.keys(choices).length > 0 || issue.state === "open" ? choices : Object.fromEntries(issue.fields.flatMap((field) => {
    const past = pastChoice(field);
    return past ? [[field.name, past]] : [];
  }));

  return (
    <>
      <PageHead
        title={<IssueTitle issue={issue} />}
        lead={
          <>
            <StatePill state={issue.state} />
            <span className={styles.kind}><KindIcon kind={issue.kind} size={14} /> {KINDS[issue.kind].label}</span>
            {issue.object && (issue.sfid ?? issue.record_id) !== null && (
              <Link to={`/records/${encodeURIComponent(issue.object)}/${encodeURIComponent(String(issue.sfid ?? issue.record_id))}`}>
                {issue.object} <code>{issue.sfid ?? `row ${issue.record_id}`}</code>
              </Link>
            )}
            <span className="faint">raised <Time at={issue.created_at} /></span>
          </>
        }
        actions={
          <>
            {may("retry") && <Button look={issue.kind === "conflict" ? "plain" : "primary"} shortcut="r" busy={action.isPending} onClick={() => run("retry")}>Retry</Button>}
            {may("revert") && <Button shortcut="v" busy={action.isPending} onClick={() => run("revert")}>Revert</Button>}
            {may("ignore") && <Button shortcut="i" busy={action.isPending} onClick={() => run("ignore")}>Ignore</Button>}
          </>
        }
      />
      {stale && (
        <Notice tone="warn" title="This issue is stale: nothing was written." action={<Button size="small" onClick={() => { action.reset(); reload(); }}>Look again</Button>}>
          {stale.message}{stale.hint && ` – ${stale.hint}`}
        </Notice>
      )}
      <p className={styles.message}><bdi>{issue.message}</bdi></p>
      {issue.outcome && (
        <Notice tone="ok" title={issue.outcome}>
          {issue.closed_by ?? "Duet"}, <Time at={issue.closed_at} />
        </Notice>
      )}
      <div className={styles.columns}>
        <div className={styles.main}>
          {issue.fields.length > 0 && (
            <section className={styles.decision} aria-label="Field by field">
              <FieldTable issue={issue} choices={shownChoices} editable={may("resolve")} past={Object.keys(choices).length === 0 && issue.state !== "open"} onChoose={(name, choice) => setChoices({ ...shownChoices, [name]: choice })} />
              {may("resolve") && (
                <DecisionBar
                  issue={issue}
                  choices={choices}
                  busy={action.isPending}
                  canUse={canUse}
                  onUse={use}
                  onClear={() => setChoices({})}
                  onApply={() => isComplete(issue, choices) && action.mutate({ id: issue.id, action: "resolve", decision: decisionOf(issue, choices, always) })}
                />
              )}
              {may("resolve") && <AlwaysRule issue={issue} choices={choices} always={always} onChange={setAlways} />}
            </section>
          )}
        </div>
        <IssueFacts issue={issue} />
      </div>
    </>
  );
}
