import type { VersionDiff } from "@ebb/api";
import { useText } from "../i18n/language.tsx";

export type Change = VersionDiff["changes"][number];

/** A value of a setting; null: the setting is not there. */
export function SettingValue({ words }: { words: string | null }) {
  const text = useText();
  return words === null ? <span className="faint">{text.promote.absent}</span> : <code>{words}</code>;
}

/** What differs, a line a setting: `variables.LOG_LEVEL: info → warn`. */
export function ChangeLines({ label, changes }: { label: string; changes: readonly Change[] }) {
  return (
    <ul className="change-lines" aria-label={label}>
      {changes.map(({ path, from, to }) => (
        <li key={path}>
          <code className="strong">{path}</code>: <SettingValue words={from} /> → <SettingValue words={to} />
        </li>
      ))}
    </ul>
  );
}
