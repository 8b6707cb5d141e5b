import { useQuery } from "@tanstack/react-query";
import { client } from "../../api/connection.ts";
import { versionsQuery } from "../../api/queries.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { useNarrow } from "../../ui/use-narrow.ts";
import { usePlace } from "./use-place.ts";
import { useChange } from "./use-change.ts";
import { VersionCards } from "./version-cards.tsx";
import { VersionTable } from "./version-table.tsx";

export function VersionsTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const narrow = useNarrow();
  const query = useQuery(versionsQuery(place));
  const { mayRelease } = usePlaceRights(place);
  const {
    change: sendAll,
    conflict,
    submit,
  } = useChange({
    place,
    send: (version: string, on) => client.setTraffic(place, { targets: [{ version, percent: 100 }] }, on),
  });
  const Versions = narrow ? VersionCards : VersionTable;
  return (
    <>
      <title>{`${text.app.versions} · ${app} · Ebb`}</title>
      <Refused of={sendAll} conflict={conflict} />
      {sendAll.isSuccess && <OperationProgress id={sendAll.data.id} />}
      <Loaded query={query} rows={6}>
        {(versions) =>
          versions.length === 0 ? (
            <Blank>{text.versions.empty}</Blank>
          ) : (
            <Versions versions={versions} busy={sendAll.isPending} sendAll={mayRelease ? submit : null} />
          )
        }
      </Loaded>
    </>
  );
}
