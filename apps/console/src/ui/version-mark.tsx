import { versionColour } from "./version.ts";

/** A version's name with its colour. */
export function VersionMark({ version }: { version: string }) {
  return (
    <span className="version">
      <i className="swatch" style={{ background: versionColour(version) }} aria-hidden="true" />
      <b>{version}</b>
    </span>
  );
}
