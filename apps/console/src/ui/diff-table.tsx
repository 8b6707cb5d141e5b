import type { VersionDiff } from "@ebb/api";
import { useText } from "../i18n/language.tsx";
import { ChangeTable } from "./change-table.tsx";

/** What differs between two versions, a row a setting; secrets by their names only. */
export function DiffTable({ diff }: { diff: VersionDiff }) {
  const text = useText();
  const at = ({ environment, version }: VersionDiff["from"]) => `${environment} ${version}`;
  const [from, to] = [at(diff.from), at(diff.to)];
  return (
    <>
      <p>{diff.sameArtifact ? text.promote.same : text.promote.other}</p>
      {diff.changes.length === 0 ? (
        <p className="faint">{text.promote.noChanges}</p>
      ) : (
        <ChangeTable label={text.promote.changes(from, to)} changes={diff.changes} from={from} to={to} />
      )}
    </>
  );
}
