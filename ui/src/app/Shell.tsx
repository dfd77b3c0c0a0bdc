import * as Menu from "@radix-ui/react-dropdown-menu";
import { BookOpenText, Check, ChevronsUpDown, CircleHelp, Ellipsis, Gauge, KeyRound, Layers, LogOut, type Icon, Monitor, Moon, ScrollText, Search, Sun, TriangleAlert, UserRound, Users } from "@/parts/icons";
import { type ReactNode, useState } from "react";
import { NavLink, useNavigate } from "react-router-dom";
import { useLive } from "@/api/live";
import { Logo } from "@/parts/Logo";
import menu from "@/parts/menu.module.css";
import { useShortcuts } from "@/parts/useShortcuts";
import { compact } from "@/parts/format";
import { ShortcutHelp } from "./ShortcutHelp";
import styles from "./Shell.module.css";
import { useMay, useSessionState } from "./session";
import { type Theme, useTheme } from "./theme";

type Place = { to: string; label: string; icon: Icon; key: string; role?: "operator" | "admin" };

const PLACES: Place[] = [
  { to: "/", label: "Overview", icon: Gauge, key: "o" },
  { to: "/issues", label: "Issues", icon: TriangleAlert, key: "i" },
  { to: "/journal", label: "Journal", icon: BookOpenText, key: "j" },
  { to: "/mappings", label: "Mappings", icon: Layers, key: "m" },
  { to: "/records", label: "Records", icon: Search, key: "r" },
  { to: "/actions", label: "Actions", icon: ScrollText, key: "a", role: "operator" },
  { to: "/access", label: "Access", icon: Users, key: "u", role: "admin" },
];

const ON_PHONE = 4;

export function Shell({ children }: { children: ReactNode }) {
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const operator = useMay("operator");
  const admin = useMay("admin");
  const places = PLACES.filter((place) => !place.role || (place.role === "admin" ? admin : operator));
  const { connection } = useLive();
  const open = connection?.mappings.reduce((total, each) => total + each.issues, 0) ?? 0;

  useShortcuts({ ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => navigate(place.to)])), "?": () => setHelp(true) });

  const badge = (place: Place) => place.to === "/issues" && open > 0 && <span className={styles.badge}>{compact(open)}<span className="visually-hidden"> open</span></span>;
  const link = (place: Place) => (
    <NavLink key={place.to} to={place.to} end={place.to === "/"} className={styles.link}>
      <place.icon size={16} strokeWidth={1.9} aria-hidden="true" />
      <span>{place.label}</span>
      {badge(place)}
    </NavLink>
  );

  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">Skip to content</a>
      <header className={styles.side}>
        <div className={styles.brand}>
          <Logo />
          <span className={styles.name}>Duet</span>
          <LiveMark />
        </div>
        <ConnectionMenu />
        <nav className={styles.nav} aria-label="Main">{places.map(link)}</nav>
        <div className={styles.foot}>
          <button type="button" className={styles.help} onClick={() => setHelp(true)}>
            <CircleHelp size={16} strokeWidth={1.9} aria-hidden="true" /> Shortcuts <kbd>?</kbd>
          </button>
          <UserMenu />
        </div>
      </header>
      <main id="content" className={styles.content} tabIndex={-1}>{children}</main>
      <nav className={styles.tabs} aria-label="Main">
        {places.slice(0, ON_PHONE).map(link)}
        <Menu.Root modal={false}>
          <Menu.Trigger className={styles.link}><Ellipsis size={16} aria-hidden="true" /><span>More</span></Menu.Trigger>
          <Menu.Portal>
            <Menu.Content className={menu.content} side="top" align="end" sideOffset={8}>
              {places.slice(ON_PHONE).map((place) => (
                <Menu.Item key={place.to} className={menu.item} onSelect={() => navigate(place.to)}>
                  <place.icon size={15} aria-hidden="true" /> {place.label}
                </Menu.Item>
              ))}
              {places.length > ON_PHONE && <Menu.Separator className={menu.separator} />}
              <UserItems />
            </Menu.Content>
          </Menu.Portal>
        </Menu.Root>
      </nav>
      {help && <ShortcutHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

function LiveMark() {
  const { state } = useLive();
  const text = { live: "Live", connecting: "Connecting", lost: "Not live" }[state];
  return (
    <span className={styles.live} data-state={state} role="status" title={state === "lost" ? "The stream of changes is broken; it is tried again" : undefined}>
      {text}
    </span>
  );
}

function ConnectionMenu() {
  const { status, connection, choose } = useLive();
  if (!status || !connection) return <div className={styles.connection} />;
  const tone = connection.state === "running" ? "ok" : connection.state === "failed" ? "bad" : "warn";
  const inside = (
    <>
      <span className={styles.state} data-tone={tone} aria-hidden="true" />
      <span className={styles.connectionName}>{connection.name}</span>
      <span className="faint">{connection.paused === "none" ? connection.state : `paused ${connection.paused === "all" ? "" : connection.paused}`}</span>
    </>
  );
  if (status.connections.length === 1) return <div className={styles.connection}>{inside}</div>;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles.connection}>{inside}<ChevronsUpDown size={14} aria-label="Choose a connection" /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className={menu.content} align="start" sideOffset={4}>
          {status.connections.map((each) => (
            <Menu.Item key={each.name} className={menu.item} onSelect={() => choose(each.name)}>
              {each.name === connection.name ? <Check size={15} /> : <span className={menu.gap} />} {each.name} <span className="faint">{each.state}</span>
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function UserMenu() {
  const { session } = useSessionState();
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles.user}>
        <UserRound size={16} strokeWidth={1.9} aria-hidden="true" />
        <span className={styles.userName}>{session?.user}</span>
        <span className="faint">{session?.role}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className={menu.content} side="top" align="start" sideOffset={6}><UserItems /></Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

const THEMES: { value: Theme; label: string; icon: Icon }[] = [
  { value: "auto", label: "As the system", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

function UserItems() {
  const { signOut } = useSessionState();
  const [theme, setTheme] = useTheme();
  const navigate = useNavigate();
  return (
    <>
      <Menu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
        {THEMES.map((each) => (
          <Menu.RadioItem key={each.value} value={each.value} className={menu.item}>
            <each.icon size={15} aria-hidden="true" /> {each.label}
            <Menu.ItemIndicator className={menu.indicator}><Check size={15} aria-hidden="true" /></Menu.ItemIndicator>
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
      <Menu.Separator className={menu.separator} />
      <Menu.Item className={menu.item} onSelect={() => navigate("/password")}><KeyRound size={15} aria-hidden="true" /> Change password</Menu.Item>
      <Menu.Item className={menu.item} onSelect={() => void signOut()}><LogOut size={15} aria-hidden="true" /> Sign out</Menu.Item>
    </>
  );
}
