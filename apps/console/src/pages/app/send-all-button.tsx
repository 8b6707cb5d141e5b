import type { Version } from "@ebb/api";
import Button from "antd/es/button";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { byNewest } from "../../ui/version.ts";
import { changesOf, splitOf } from "./traffic/split-draft.ts";

export interface VersionListProps {
  /** Newest first. */
  versions: readonly Version[];
  /** While a change is being asked for, no other can be. */
  busy: boolean;
  /** Null: the reader may not. */
  sendAll: ((version: string) => void) | null;
}

/** Sends every request to one version, after showing what that changes; nothing for a version that cannot take them, or has them all. */
export function SendAllButton({ version, versions, busy, sendAll }: VersionListProps & { version: Version }) {
  const text = useText();
  const able = version.percent < 100 && (version.state === "ready" || version.state === "asleep");
  if (!able || sendAll === null) return null;
  const older = versions.some((other) => other.percent > 0 && byNewest(other.name, version.name) < 0);
  const changes = changesOf(splitOf(versions), { [version.name]: 100 });
  return (
    <Confirm
      title={text.versions.confirm(version.name)}
      description={text.versions.confirmText(changes.map(({ version, from, to }) => text.traffic.change(version, from, to)).join(", "))}
      okText={text.traffic.apply}
      onConfirm={() => sendAll(version.name)}
    >
      <Button size="small" disabled={busy}>
        {older ? text.versions.rollBack(version.name) : text.versions.sendAll}
      </Button>
    </Confirm>
  );
}
