import { ArrowDownToLine, ArrowUpFromLine, BookOpenText, type Icon, PencilLine, Trash2, TriangleAlert, UserRound } from "@/parts/icons";
import { Link } from "react-router-dom";
import type { HistoryEvent } from "@/api/types";
import { Pill } from "@/parts/Pill";
import { SIDE_NAMES } from "@/parts/Side";
import { Time } from "@/parts/Time";
import { Value } from "@/parts/Value";
import styles from "./Timeline.module.css";

const ICONS: Record<HistoryEvent["type"], Icon> = { captured: PencilLine, sent: ArrowUpFromLine, lost: BookOpenText, issue: TriangleAlert, action: UserRound, deleted: Trash2 };

/** Both sides of a record on one line of time, newest first. */
export function Timeline({ events, compact = false }: { events: HistoryEvent[]; compact?: boolean }) {
  return (
    <ol className={styles.timeline} data-compact={compact || undefined}>
      {events.map((event, at) => {
        const Icon = event.side === "salesforce" && event.type === "captured" ? ArrowDownToLine : ICONS[event.type];
        return (
          <li key={`${event.source} ${event.ref} ${at}`} className={styles.event} data-side={event.side}>
            <span className={styles.mark}><Icon size={13} strokeWidth={2.1} aria-label={event.side === "duet" ? "Duet" : SIDE_NAMES[event.side]} role="img" /></span>
            <div className={styles.body}>
              <p className={styles.title}>
                {event.type === "issue" ? <Link to={`/issues/${event.ref}`}>{event.title}</Link> : <bdi>{event.title}</bdi>}
                {event.state && <Pill>{event.state}</Pill>}
              </p>
              <p className={styles.meta}>
                {event.side !== "duet" && <span className={styles.side}>{SIDE_NAMES[event.side]}</span>}
                {event.actor && <bdi>{event.actor}</bdi>}
                <Time at={event.at} exact={!compact} />
              </p>
              {event.message && <p className={styles.message}><bdi>{event.message}</bdi></p>}
              {event.fields.length > 0 && (
                <dl className={styles.fields}>
                  {event.fields.map((field) => (
                    <div key={field.name}>
                      <dt>{field.name}</dt>
                      <dd>
                        {field.old !== undefined && <><del><Value value={field.old} clamp={compact} /></del> <span aria-label="became">→</span> </>}
                        <Value value={field.new} clamp={compact} />
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
