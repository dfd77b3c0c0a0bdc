import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "@/api/client";
import type { Issue } from "@/api/types";
import { useMay } from "@/app/session";
import { SIDE_NAMES } from "@/parts/Side";
import { number } from "@/parts/format";
import type { Choices } from "./decision";
import styles from "./AlwaysRule.module.css";

/** "Always do this": the choice becomes the policy of the field; shows what it would have decided so far. */
export function AlwaysRule({ issue, choices, always, onChange }: { issue: Issue; choices: Choices; always: boolean; onChange: (always: boolean) => void }) {
  const admin = useMay("admin");
  if (issue.kind !== "conflict" || !admin || !issue.object) return null;
  const names = issue.fields.map((field) => field.name).join(", ");
  const sides = new Set(Object.values(choices).map((choice) => choice.from));
  const [side] = sides;
  return (
    <div className={styles.always}>
      <label className={styles.label}>
        <input type="checkbox" checked={always} onChange={(event) => onChange(event.target.checked)} />
        <span>Always do this for {names} of {issue.object} <span className="faint">– the side becomes the field’s policy in the mapping</span></span>
      </label>
      {always && (sides.size === 1 && (side === "salesforce" || side === "postgres") ? [side] : (["salesforce", "postgres"] as const)).map((policy) => <Preview key={policy} issue={issue} policy={policy} />)}
    </div>
  );
}

function Preview({ issue, policy }: { issue: Issue; policy: "salesforce" | "postgres" }) {
  const field = issue.fields.length === 1 ? issue.fields[0]!.name : undefined;
  const { data, error } = useQuery({
    queryKey: ["policy-preview", issue.object, field, policy],
    queryFn: () => unwrap(client.POST("/api/v1/policy/preview", { body: { object: issue.object!, policy, last: 1000, ...(field ? { field } : {}) } })),
    retry: false,
  });
  if (error || !data) return null;
  return (
    <p className={styles.preview}>
      {SIDE_NAMES[policy]} would have decided <strong>{number(data.different)}</strong> of the last {number(data.considered)} conflicts differently
      {data.unknown > 0 && `; of ${number(data.unknown)} too little is known`}.
    </p>
  );
}
