import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import styles from "./Chart.module.css";

export type Series = { label: string; /** Name of a colour: `--sf`. */ color: string };

const LONGEST_S = 300;
const SHORTEST_S = 60;
/** Between ticks: whole numbers, so that none is said twice. */
const STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].flatMap((power) => [power, 2 * power, 5 * power]);

/** With seconds where minutes alone would repeat. */
function clock(tick: number): string {
  const time = new Date(tick * 1_000).toLocaleTimeString("en-GB");
  return time.endsWith(":00") ? time.slice(0, 5) : time;
}

/** From the first sample on, at least a minute and at most five. */
function span(first: number | null): [number, number] {
  const now = Date.now() / 1_000;
  return [Math.max(now - LONGEST_S, Math.min(first ?? now, now - SHORTEST_S)), now];
}

function colorOf(element: Element, name: string): string {
  // A colour that depends on the theme is resolved only where it is used.
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

/** Lines over the last five minutes. `summary` says the same in words. */
export function Chart({ times, values, series, format, summary, height = 132 }: {
  times: number[];
  values: (number | null)[][];
  series: Series[];
  format: (value: number) => string;
  summary: string;
  height?: number;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef<uPlot.AlignedData>([[], ...series.map(() => [])]);
  const formatter = useRef(format);
  formatter.current = format;
  const labels = series.map((each) => `${each.label} ${each.color}`).join();

  useEffect(() => {
    const element = holder.current!;
    function draw() {
      plot.current?.destroy();
      const ink = colorOf(element, "--ink-3");
      const line = colorOf(element, "--line");
      const font = "11px Inter, system-ui, sans-serif";
      plot.current = new uPlot(
        {
          width: Math.max(80, element.clientWidth),
          height,
          padding: [8, 24, 0, 0],
          legend: { show: false },
          cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
          scales: {
            x: { time: true, range: (_, first) => span(first) },
            y: { range: (_, _low, high) => [0, Math.max(high ?? 0, 1) * 1.15] },
          },
          axes: [
            { stroke: ink, font, size: 24, gap: 4, grid: { show: false }, ticks: { show: false }, space: 70, values: (_, ticks) => ticks.map(clock) },
            { stroke: ink, font, size: 58, gap: 6, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 34, incrs: STEPS, values: (_, ticks) => ticks.map((tick) => formatter.current(tick)) },
          ],
          series: [
            {},
            ...series.map((each) => {
              const color = colorOf(element, each.color);
              return { label: each.label, stroke: color, width: 1.6, points: { show: false }, fill: color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.07)") };
            }),
          ],
        },
        data.current,
        element,
      );
    }
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(80, element.clientWidth), height }));
    resized.observe(element);
    // The canvas has no notion of a theme.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, height]);

  useEffect(() => {
    data.current = [times.map((time) => time / 1_000), ...values] as uPlot.AlignedData;
    plot.current?.setData(data.current);
  }, [times, values]);

  return (
    <figure className={styles.chart}>
      <div ref={holder} className={styles.canvas} role="img" aria-label={summary} />
      <figcaption className={styles.legend} aria-hidden="true">
        {series.map((each) => (
          <span key={each.label} className={styles.entry} data-color={each.color}>
            {each.label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
