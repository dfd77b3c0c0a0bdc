import { Pause, Play } from "@/parts/icons";
import { Link } from "react-router-dom";
import { useLive } from "@/api/live";
import type { Connection } from "@/api/types";
import { useMay } from "@/app/session";
import { Button } from "@/parts/Button";
import { PageHead, Panel } from "@/parts/Panel";
import { Pill, type Tone } from "@/parts/Pill";
import { Empty, Failure, Loading } from "@/parts/States";
import { MappingTable } from "@/mappings/MappingTable";
import { usePause } from "@/mappings/usePause";
import { Alerts } from "./Alerts";
import { Figures } from "./Figures";
import { Latest } from "./Latest";
import { LiveCharts } from "./LiveCharts";
import styles from "./Overview.module.css";

export const STATE_TONES: Record<Connection["state"], Tone> = { running: "ok", starting: "info", paused: "warn", failed: "bad", stopped: "bad", not_running: "bad" };

export function Overview() {
  const { connection, status, error } = useLive();
  if (!status) return error ? <Failure error={error} /> : <Loading lines={8} />;
  if (!connection) return <Empty title="No connection is configured">Add one to duet.toml; `duet doctor` says what is missing.</Empty>;
  return (
    <>
      <PageHead
        title={connection.name}
        lead={
          <>
            <Pill dot tone={connection.paused === "none" ? STATE_TONES[connection.state] : "warn"}>
              {connection.paused === "none" ? connection.state.replace("_", " ") : connection.paused === "all" ? "paused" : "outbound paused"}
            </Pill>
            {connection.org_id && <span>Org <code>{connection.org_id}</code></span>}
            <span>Schema <code>{connection.schema}</code></span>
            <span className="faint">Duet {status.version}</span>
          </>
        }
        actions={<PauseButtons connection={connection} />}
      />
      <Alerts connection={connection} />
      <Figures connection={connection} />
      <LiveCharts connection={connection} />
      <Panel title="Mappings" id="overview-mappings" flush aside={<Link to="/mappings">Details</Link>}>
        {connection.mappings.length === 0 ? (
          <Empty title="Nothing is mapped yet">
            Export your mappings from Heroku Connect, or write them, then run <code>duet import mappings.json</code>.
          </Empty>
        ) : (
          <MappingTable mappings={connection.mappings} />
        )}
      </Panel>
      <div className={styles.latest}>
        <Latest />
      </div>
    </>
  );
}

function PauseButtons({ connection }: { connection: Connection }) {
  const operator = useMay("operator");
  const { pause, resume, busy } = usePause();
  if (!operator) return null;
  if (connection.paused !== "none") return <Button icon={<Play size={14} />} busy={busy} onClick={resume}>Resume</Button>;
  return (
    <>
      <Button busy={busy} onClick={() => pause(true)}>Pause outbound</Button>
      <Button icon={<Pause size={14} />} busy={busy} onClick={() => pause(false)}>Pause all</Button>
    </>
  );
}
