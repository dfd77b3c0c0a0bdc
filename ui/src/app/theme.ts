import { useState } from "react";

export type Theme = "auto" | "light" | "dark";
const KEY = "duet.theme";

function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

export function applyTheme(theme: Theme = storedTheme()) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  return [
    theme,
    (next) => {
      if (next === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
      applyTheme(next);
      setTheme(next);
    },
  ];
}
