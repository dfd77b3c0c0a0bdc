import { Dialog } from "@/parts/Dialog";
import styles from "./ShortcutHelp.module.css";

const GROUPS: { title: string; keys: [string, string][] }[] = [
  { title: "Go to", keys: [["g o", "Overview"], ["g i", "Issues"], ["g j", "Journal"], ["g m", "Mappings"], ["g r", "Records"], ["g a", "Actions"]] },
  { title: "A list", keys: [["j", "next"], ["k", "previous"], ["Enter", "open"], ["x", "select"], ["/", "search"], ["Escape", "unselect"]] },
  { title: "An issue", keys: [["j", "next issue"], ["k", "previous issue"], ["s", "use Salesforce"], ["p", "use PostgreSQL"], ["b", "use the base"], ["r", "retry"], ["v", "revert"], ["i", "ignore"], ["Escape", "back to the list"]] },
  { title: "Everywhere", keys: [["?", "this list"]] },
];

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} wide>
      <div className={styles.groups}>
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3 className={styles.title}>{group.title}</h3>
            <dl className={styles.keys}>
              {group.keys.map(([keys, what]) => (
                <div key={keys} className={styles.row}>
                  <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
