import { useQuery } from "@tanstack/react-query";
import { BookOpenText, CircleCheck } from "@/parts/icons";
import { Link } from "react-router-dom";
import { issuesQuery, journalQuery } from "@/api/queries";
import { IssueTitle, KindIcon } from "@/issues/IssueTitle";
import { Panel } from "@/parts/Panel";
import { SIDE_NAMES } from "@/parts/Side";
import { Empty, Failure, Loading } from "@/parts/States";
import { Time } from "@/parts/Time";
import { Value } from "@/parts/Value";
import styles from "./Latest.module.css";

const SHOWN = 6;

export function Latest() {
  return (
    <>
      <Panel title="Latest open issues" id="latest-issues" flush aside={<Link to="/issues?state=open">All</Link>}>
        <LatestIssues />
      </Panel>
      <Panel title="Latest in the journal" id="latest-journal" flush aside={<Link to="/journal">All</Link>}>
        <LatestJournal />
      </Panel>
    </>
  );
}

function LatestIssues() {
  const { data, error, refetch } = useQuery(issuesQuery({ state: "open" }, SHOWN));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading lines={3} />;
  if (data.issues.length === 0) return <Empty icon={CircleCheck} title="No open issues">Nothing waits for a person.</Empty>;
  return (
    <ul>
      {data.issues.map((issue) => (
        <li key={issue.id}>
          <Link className={styles.row} to={`/issues/${issue.id}`}>
            <KindIcon kind={issue.kind} />
            <span className={styles.what}><IssueTitle issue={issue} /></span>
            <span className={styles.when}><Time at={issue.updated_at} /></span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function LatestJournal() {
  const { data, error, refetch } = useQuery(journalQuery({}, SHOWN));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading lines={3} />;
  if (data.entries.length === 0) return <Empty icon={BookOpenText} title="No value has lost">The journal keeps every value that was overruled.</Empty>;
  return (
    <ul>
      {data.entries.map((entry) => (
        <li key={entry.id}>
          <Link className={styles.row} to={`/journal?entry=${entry.id}`}>
            <span className={styles.side} data-side={entry.lost_side} aria-hidden="true" />
            <span className={styles.what}>
              <strong>{entry.object}</strong> {entry.field ?? "row"}: {SIDE_NAMES[entry.lost_side]}’s <Value value={entry.lost} clamp /> lost
            </span>
            <span className={styles.when}><Time at={entry.created_at} /></span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
