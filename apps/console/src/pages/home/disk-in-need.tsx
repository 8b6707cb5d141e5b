import type { PlatformStatus } from "@ebb/api";
import { useFormat, useText } from "../../i18n/language.tsx";
import { ToneDot } from "../../ui/state.tsx";

/** The machine's disk, when it is about to be full. */
export function DiskInNeed({ disk: { state, free } }: { disk: PlatformStatus["disk"] }) {
  const text = useText();
  const format = useFormat();
  if (state === "ok") return null;
  return (
    <ul className="rows">
      <li>
        <span className="state">
          <ToneDot tone="bad" />
          {text.now.disk}
        </span>
        <span>{text.now.diskLeft[state](format.bytes(free))}</span>
      </li>
    </ul>
  );
}
