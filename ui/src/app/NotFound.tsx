import { Compass } from "@/parts/icons";
import { Link } from "react-router-dom";
import { PageHead, Panel } from "@/parts/Panel";
import { Empty } from "@/parts/States";

export function NotFound() {
  return (
    <>
      <PageHead title="There is nothing here" />
      <Panel>
        <Empty icon={Compass} title="No page has this address">
          <Link to="/">To the overview</Link>
        </Empty>
      </Panel>
    </>
  );
}
