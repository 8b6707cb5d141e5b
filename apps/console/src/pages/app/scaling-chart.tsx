import type { ScalingDecision } from "@ebb/api";
import { useFormat, useText } from "../../i18n/language.tsx";
import { byNewest, versionColour } from "../../ui/version.ts";
import { stepsOf, type Step } from "./scaling-steps.ts";

const WIDTH = 1000;
const HEIGHT = 140;
/** Room for the line's own width at the top, and for the line at 0 at the bottom. */
const TOP = 6;
const BOTTOM = 4;

/** How many instances each version was to have, as far back as its decisions are known. */
export function ScalingChart({ decisions, now }: { decisions: readonly ScalingDecision[]; now: number }) {
  const text = useText();
  const format = useFormat();
  const byVersion = [...Map.groupBy(decisions, (decision) => decision.version)].toSorted(([a], [b]) => byNewest(a, b));
  const lines = byVersion.map(([version, own]) => ({ version, steps: stepsOf(own, now) }));
  const times = lines.flatMap(({ steps }) => steps.flatMap(({ from, to }) => [from, to]));
  const from = Math.min(...times);
  const to = Math.max(...times, from + 1000);
  const most = Math.max(1, ...lines.flatMap(({ steps }) => steps.map(({ count }) => count)));
  const x = (time: number) => ((time - from) / (to - from)) * WIDTH;
  const y = (count: number) => TOP + (1 - count / most) * (HEIGHT - TOP - BOTTOM);
  const label = lines.map(({ version, steps }) => `${version}: ${text.overview.running(steps.at(-1)?.count ?? 0)}`).join(", ");
  return (
    <figure className="chart">
      <div className="chart-frame">
        <span className="chart-most number faint" aria-hidden="true">
          {most}
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          {lines.map(({ version, steps }) => (
            <path key={version} d={pathOf(steps, x, y)} stroke={versionColour(version)} />
          ))}
        </svg>
      </div>
      <figcaption>
        <span className="faint">{format.dateTime(new Date(from).toISOString())}</span>
        <span className="chart-key">
          {lines.map(({ version }) => (
            <span key={version} className="version">
              <i className="swatch" style={{ background: versionColour(version) }} aria-hidden="true" />
              {version}
            </span>
          ))}
        </span>
        <span className="faint">{format.dateTime(new Date(to).toISOString())}</span>
      </figcaption>
    </figure>
  );
}

function pathOf(steps: readonly Step[], x: (time: number) => number, y: (count: number) => number): string {
  return steps
    .map(({ from, to, count }, index) => `${index === 0 ? "M" : "L"}${x(from).toFixed(1)} ${y(count)}L${x(to).toFixed(1)} ${y(count)}`)
    .join("");
}
