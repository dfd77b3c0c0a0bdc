import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CircleCheck, FilterX } from "@/parts/icons";
import { useMemo, useRef, useState } from "react";
import { issuePagesQuery, issuesQuery } from "@/api/queries";
import type { Issue } from "@/api/types";
import { useMay } from "@/app/session";
import { Button } from "@/parts/Button";
import { SearchField, Segmented, Select } from "@/parts/Fields";
import { PageHead, Panel } from "@/parts/Panel";
import { Empty, Failure, Loading } from "@/parts/States";
import { number } from "@/parts/format";
import { useLive } from "@/api/live";
import { useShortcuts } from "@/parts/useShortcuts";
import { BulkBar } from "./BulkBar";
import { DEFAULT_STATE, type Filter, isNarrow, queryOf, useFilter } from "./filter";
import { IssueGroups } from "./IssueGroups";
import styles from "./IssueList.module.css";
import { IssueRows } from "./IssueRows";
import { KINDS, STATES } from "./IssueTitle";
import { useSelection } from "./useSelection";

const TABS = ["open", "decided", "resolved", "reverted", "ignored", "superseded", "all"] as const;

export function IssueList() {
  const { filter, grouped, set, clear } = useFilter();
  const search = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => search.current?.focus() });
  return (
    <>
      <PageHead
        title="Issues"
        lead="What a person may want to act on"
        actions={
          <Segmented label="Show as" value={grouped ? "groups" : "list"} options={[{ value: "list", label: "List" }, { value: "groups", label: "By cause" }]} onChange={(value) => set({ grouped: value === "groups" })} />
        }
      />
      <StateTabs filter={filter} onChange={(state) => set({ state })} />
      <FilterBar filter={filter} set={set} clear={clear} search={search} />
      {grouped ? <IssueGroups filter={filter} onOpen={(change) => set({ ...change, grouped: false })} /> : <List filter={filter} clear={clear} />}
    </>
  );
}

function StateTabs({ filter, onChange }: { filter: Filter; onChange: (state: string) => void }) {
  return (
    <div className={styles.tabs} role="radiogroup" aria-label="State">
      {TABS.map((state) => (
        <label key={state} className={styles.tab}>
          <input type="radio" name="state" checked={(filter.state ?? DEFAULT_STATE) === state} onChange={() => onChange(state)} />
          <span>
            {state === "all" ? "All" : STATES[state].label}
            <TabCount filter={filter} state={state} />
          </span>
        </label>
      ))}
    </div>
  );
}

function TabCount({ filter, state }: { filter: Filter; state: string }) {
  const wanted = state === "open" || state === "decided";
  const { queryKey, queryFn } = issuesQuery(queryOf({ ...filter, state }), 1);
  const { data } = useQuery({ queryKey: ["issue-count", ...queryKey], queryFn: queryFn as never, enabled: wanted }) as { data?: { total: number } };
  return wanted && data ? <span className={styles.tabCount}>{number(data.total)}</span> : null;
}

function FilterBar({ filter, set, clear, search }: { filter: Filter; set: (change: Filter) => void; clear: () => void; search: React.RefObject<HTMLInputElement | null> }) {
  const { connection } = useLive();
  const [text, setText] = useState(filter.text ?? "");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  return (
    <div className={styles.filters}>
      <SearchField
        ref={search}
        label="Message, Salesforce Id or external id"
        value={text}
        maxLength={200}
        onChange={(event) => {
          const value = event.target.value;
          setText(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set({ text: value.trim() }), 250);
        }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <Select label="Kind" value={filter.kind ?? ""} onChange={(event) => set({ kind: event.target.value })}>
        <option value="">any</option>
        {Object.entries(KINDS).map(([kind, { label }]) => <option key={kind} value={kind}>{label}</option>)}
      </Select>
      <Select label="Object" value={filter.object ?? ""} onChange={(event) => set({ object: event.target.value })}>
        <option value="">any</option>
        {connection?.mappings.map((each) => <option key={each.object} value={each.object}>{each.object}</option>)}
      </Select>
      {(["code", "field", "rule", "sfid"] as const).map((name) =>
        filter[name] ? (
          <button key={name} type="button" className={styles.chip} onClick={() => set({ [name]: "" })} title="Remove this filter">
            <span className="faint">{name}</span> {filter[name]} <span aria-hidden="true">×</span>
          </button>
        ) : null,
      )}
      {isNarrow(filter) && (
        <Button look="quiet" size="small" icon={<FilterX size={14} />} onClick={() => { setText(""); clear(); }}>Clear</Button>
      )}
    </div>
  );
}

function List({ filter, clear }: { filter: Filter; clear: () => void }) {
  const operator = useMay("operator");
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(issuePagesQuery(queryOf(filter)));
  const issues = useMemo<Issue[]>(() => data?.pages.flatMap((page) => page.issues) ?? [], [data]);
  const total = data?.pages[0]?.total ?? 0;
  const selection = useSelection(issues, JSON.stringify(filter));

  if (error && !data) return <Panel><Failure error={error} retry={() => void refetch()} /></Panel>;
  if (!data) return <Panel flush><Loading lines={9} label="Loading issues" /></Panel>;
  return (
    <Panel flush>
      {issues.length === 0 ? (
        <NoIssues filter={filter} clear={clear} />
      ) : (
        <IssueRows
          issues={issues}
          total={total}
          selection={operator ? selection : null}
          search={window.location.search}
          onEnd={() => hasNextPage && !isFetchingNextPage && void fetchNextPage()}
        />
      )}
      {/* Stays when the list has become empty by what it did: it says so. */}
      {operator && <BulkBar filter={filter} total={total} selection={selection} />}
    </Panel>
  );
}

function NoIssues({ filter, clear }: { filter: Filter; clear: () => void }) {
  if (isNarrow(filter)) {
    return (
      <Empty icon={FilterX} title="No issue matches this filter">
        <Button onClick={clear}>Clear the filter</Button>
      </Empty>
    );
  }
  if ((filter.state ?? DEFAULT_STATE) === "open") return <Empty icon={CircleCheck} title="No open issues">Nothing waits for a person. What rules decided is under Decided.</Empty>;
  return <Empty title="None here">No issue is in this state.</Empty>;
}
