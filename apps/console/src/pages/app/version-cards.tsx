import { Link } from "@tanstack/react-router";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { VersionMark } from "../../ui/version-mark.tsx";
import { SendAllButton, type VersionListProps } from "./send-all-button.tsx";

/** The table's content where a table would not fit. */
export function VersionCards({ versions, busy, sendAll }: VersionListProps) {
  const text = useText();
  return (
    <ul className="cards">
      {versions.map((version) => (
        <li key={version.name}>
          <div className="between">
            <span>
              <Link to="/apps/$app/$env/versions/$version" params={{ app: version.app, env: version.environment, version: version.name }}>
                <VersionMark version={version.name} />
              </Link>{" "}
              <span className="number">{version.percent} %</span>
            </span>
            <VersionStateLabel state={version.state} />
          </div>
          {version.state === "failed" && <div className="operation-failure">{firstLine(version.message)}</div>}
          <div className="faint">
            {version.detectedFrom} · <Ago at={version.createdAt} /> {text.common.by(version.createdBy)}
          </div>
          <div className="between">
            {version.previewUrl === null ? <span /> : <Address url={version.previewUrl} label={text.versions.preview} />}
            <SendAllButton version={version} versions={versions} busy={busy} sendAll={sendAll} />
          </div>
        </li>
      ))}
    </ul>
  );
}
