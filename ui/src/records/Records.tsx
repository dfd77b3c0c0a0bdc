import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useLive } from "@/api/live";
import { Button } from "@/parts/Button";
import { SelectField, TextField } from "@/parts/Fields";
import { PageHead, Panel } from "@/parts/Panel";
import styles from "./Records.module.css";

/** Finds one record by an id of either side. */
export default function Records() {
  const { connection } = useLive();
  const navigate = useNavigate();
  const [object, setObject] = useState("");
  const mappings = connection?.mappings ?? [];
  const chosen = object || mappings[0]?.object || "";

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const id = String(new FormData(event.currentTarget).get("id")).trim();
    if (chosen && id) navigate(`/records/${encodeURIComponent(chosen)}/${encodeURIComponent(id)}`);
  }

  return (
    <>
      <PageHead title="Records" lead="One record on both sides, and everything that happened to it" />
      <Panel>
        <form className={styles.form} onSubmit={submit}>
          <SelectField label="Object" value={chosen} onChange={(event) => setObject(event.target.value)}>
            {mappings.map((each) => <option key={each.object} value={each.object}>{each.object}</option>)}
          </SelectField>
          <TextField label="Id" name="id" required hint="A Salesforce Id, or the row’s id" autoComplete="off" spellCheck={false} maxLength={40} />
          <Button type="submit" look="primary" disabled={!chosen}>Show</Button>
        </form>
      </Panel>
    </>
  );
}
