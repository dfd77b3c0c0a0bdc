import { Compass } from "@/parts/icons";
import { Link } from "react-router-dom";
import { Empty } from "@/parts/States";

export function NotFound() {
  return (
    <Empty icon={Compass} title="There is nothing here">
      <Link to="/">To the overview</Link>
    </Empty>
  );
}
