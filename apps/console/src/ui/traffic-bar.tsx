import type { TrafficTarget } from "@ebb/api";
import { useText } from "../i18n/language.tsx";
import { byNewest, versionColour } from "./version.ts";

function servingOf(targets: readonly TrafficTarget[]): TrafficTarget[] {
  return targets.filter((target) => target.percent > 0).toSorted((a, b) => byNewest(a.version, b.version));
}

/** Shares as lengths of one bar. */
export function TrafficBar({ targets }: { targets: readonly TrafficTarget[] }) {
  const serving = servingOf(targets);
  const label = serving.map((target) => `${target.version} ${target.percent} %`).join(", ");
  return (
    <span className="traffic-bar" role="img" aria-label={label} title={label}>
      {serving.map((target) => (
        <span key={target.version} style={{ flexGrow: target.percent, background: versionColour(target.version) }} />
      ))}
    </span>
  );
}

/** `v3 90 % · v2 10 %`, with each version's colour. */
export function TrafficText({ targets }: { targets: readonly TrafficTarget[] }) {
  const text = useText();
  const serving = servingOf(targets);
  if (serving.length === 0) return <span className="faint">{text.apps.nothingServes}</span>;
  return (
    <span className="traffic-text">
      {serving.map((target) => (
        <span key={target.version}>
          <i style={{ background: versionColour(target.version) }} aria-hidden="true" />
          {target.version} <span className="number">{target.percent} %</span>
        </span>
      ))}
    </span>
  );
}
