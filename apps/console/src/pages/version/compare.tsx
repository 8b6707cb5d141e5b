import type { Place, Version } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useId } from "react";
import { appQuery, diffQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { DiffTable } from "../../ui/diff-table.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { Select } from "../../ui/select.tsx";
import { byNewest } from "../../ui/version.ts";

const route = getRouteApi("/apps/$app/$env/versions/$version");

/** What differs from any other version here, or from one that serves elsewhere; from the one before unless the address names another. */
export function Compare({ place, version, versions }: { place: Place; version: string; versions: readonly Version[] }) {
  const text = useText();
  const id = useId();
  const { against } = route.useSearch();
  const navigate = route.useNavigate();
  const others = versions.map(({ name }) => name).filter((name) => name !== version);
  const elsewhere = (useQuery(appQuery(place.app)).data?.environments ?? [])
    .filter(({ environment }) => environment !== place.env)
    .flatMap(({ environment, traffic }) => traffic.map((target) => `${environment}/${target.version}`));
  const all = [...others, ...elsewhere];
  const from = all.find((name) => name === against) ?? others.find((name) => byNewest(version, name) < 0) ?? all[0];
  return (
    <Panel title={text.version.differs}>
      {from === undefined ? (
        <Blank>{text.version.only}</Blank>
      ) : (
        <>
          <div className="toolbar">
            <label htmlFor={id}>{text.version.against}</label>{" "}
            <Select
              id={id}
              className="against"
              value={from}
              popupMatchSelectWidth={false}
              options={all.map((name) => ({ value: name, label: name.replace("/", " ") }))}
              onChange={(name) => void navigate({ search: { against: name }, replace: true })}
            />
          </div>
          <Difference place={place} from={from} to={version} />
        </>
      )}
    </Panel>
  );
}

/** `from`: a version here, or `ENVIRONMENT/VERSION`. */
function Difference({ place, from, to }: { place: Place; from: string; to: string }) {
  const [name = from, fromEnvironment] = from.split("/").toReversed();
  const query = useQuery(diffQuery(place, { from: name, to, ...(fromEnvironment === undefined ? {} : { fromEnvironment }) }));
  return (
    <Loaded query={query} rows={3}>
      {(diff) => <DiffTable diff={diff} />}
    </Loaded>
  );
}
