import { useEffect, useRef } from "react";

type Handlers = Record<string, (event: KeyboardEvent) => void>;

const PAIR_MS = 900;
const PREFIX = "g";
/** Newest last: a page's keys come before the frame's. */
const registered: { current: Handlers }[] = [];
let prefixAt = -PAIR_MS;

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && /^(checkbox|radio)$/.test(target.type)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKey(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || document.querySelector("dialog[open], [role=menu]")) return;
  // Enter on a button or a link is that button's.
  if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("a, button, [role=menuitem]")) return;
  const paired = event.timeStamp - prefixAt < PAIR_MS;
  prefixAt = event.key === PREFIX && !paired ? event.timeStamp : -PAIR_MS;
  const key = paired ? `${PREFIX} ${event.key}` : event.key;
  const handler = registered.findLast((each) => each.current[key])?.current[key];
  if (!handler) return;
  event.preventDefault();
  handler(event);
}

/** Single keys (`j`), named keys (`Enter`) and pairs (`g i`), except while somebody types or a dialog is open. */
export function useShortcuts(handlers: Handlers) {
  const latest = useRef(handlers);
  latest.current = handlers;

  useEffect(() => {
    if (registered.length === 0) window.addEventListener("keydown", onKey);
    // Children run their effects first; the frame registers once and stays at the bottom.
    registered.push(latest);
    return () => {
      registered.splice(registered.indexOf(latest), 1);
      if (registered.length === 0) window.removeEventListener("keydown", onKey);
    };
  }, []);
}
