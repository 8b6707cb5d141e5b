import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useText } from "../../../i18n/language.tsx";
import { byNewest, versionColour } from "../../../ui/version.ts";
import { withBorder, type Split } from "./split-draft.ts";

/** What a key moves a border by; Home and End go all the way. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -100,
  End: 100,
};

/** The split as one bar whose borders are dragged, or moved with the arrow keys. */
export function SplitBar({ split, onChange }: { split: Split; onChange: (split: Split) => void }) {
  const bar = useRef<HTMLDivElement>(null);
  const versions = Object.keys(split).toSorted(byNewest);
  return (
    <div ref={bar} className="split-bar">
      {versions.map((version, index) => {
        const next = versions[index + 1];
        return [
          <span
            key={version}
            className="split-part"
            style={{ flexGrow: split[version] ?? 0, background: versionColour(version) }}
            aria-hidden="true"
          >
            {(split[version] ?? 0) >= 9 && (
              <span>
                {version} {split[version]} %
              </span>
            )}
          </span>,
          next !== undefined && <Border key={`${version} ${next}`} bar={bar} split={split} between={[version, next]} onChange={onChange} />,
        ];
      })}
    </div>
  );
}

interface BorderProps {
  bar: React.RefObject<HTMLDivElement | null>;
  split: Split;
  between: readonly [string, string];
  onChange: (split: Split) => void;
}

function Border({ bar, split, between, onChange }: BorderProps) {
  const text = useText();
  const from = useRef<{ x: number; percent: number } | null>(null);
  const [first, second] = between;
  const percent = split[first] ?? 0;
  const both = percent + (split[second] ?? 0);
  const drag = (event: PointerEvent) => {
    if (from.current === null || bar.current === null) return;
    const moved = (100 * (event.clientX - from.current.x)) / bar.current.clientWidth;
    onChange(withBorder(split, between, from.current.percent + moved));
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onChange(withBorder(split, between, percent + step));
  };
  return (
    <span
      className="split-border"
      role="slider"
      tabIndex={0}
      aria-label={text.traffic.between(first, second)}
      aria-valuemin={0}
      aria-valuemax={both}
      aria-valuenow={percent}
      aria-valuetext={`${first} ${percent} %, ${second} ${both - percent} %`}
      onKeyDown={press}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, percent };
      }}
      onPointerMove={drag}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
    />
  );
}
