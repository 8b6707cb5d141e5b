export interface Segment {
  name: string;
  /** Milliseconds. */
  duration: number;
  colour: string;
}

/** Durations one after the other as lengths of one bar; `whole` is what the full width stands for. */
export function StackedBar({ segments, whole, label }: { segments: readonly Segment[]; whole: number; label: string }) {
  return (
    <span className="stacked-bar" role="img" aria-label={label} title={label}>
      {segments
        .filter(({ duration }) => duration > 0)
        .map(({ name, duration, colour }) => (
          <span key={name} style={{ width: `${(100 * duration) / Math.max(1, whole)}%`, background: colour }} />
        ))}
    </span>
  );
}

/** What the colours mean. */
export function StackedKey({ segments }: { segments: readonly Pick<Segment, "name" | "colour">[] }) {
  return (
    <ul className="stacked-key" aria-hidden="true">
      {segments.map(({ name, colour }) => (
        <li key={name}>
          <i className="swatch" style={{ background: colour }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
