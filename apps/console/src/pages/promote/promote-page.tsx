import type { AppEnvironment, Place, Promote, Version } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { appQuery, diffQuery, teamQuery, versionsQuery } from "../../api/queries.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { TakesRole } from "../../ui/takes-role.tsx";
import { DiffTable } from "../../ui/diff-table.tsx";
import { Select } from "../../ui/select.tsx";
import { useChange } from "../app/use-change.ts";

const route = getRouteApi("/apps/$app/$env/promote");

/** Brings a version to another environment: which one, where to, and what differs from what serves there. */
export function PromotePage() {
  const text = useText();
  const place = route.useParams();
  const app = useQuery(appQuery(place.app));
  const team = useQuery({ ...teamQuery(app.data?.team ?? ""), enabled: app.data !== undefined });
  const versions = useQuery(versionsQuery(place));
  return (
    <>
      <title>{`${text.promote.title(place.app)} · Ebb`}</title>
      <Panel title={text.promote.title(place.app)}>
        <p>{text.promote.intro}</p>
        <Loaded query={app} rows={3}>
          {({ environments }) => (
            <Loaded query={team} rows={3}>
              {(of) => (
                <Loaded query={versions} rows={3}>
                  {(all) => <Chooser place={place} chain={of.environments} versions={all} environments={environments} />}
                </Loaded>
              )}
            </Loaded>
          )}
        </Loaded>
      </Panel>
    </>
  );
}

interface ChooserProps {
  place: Place;
  /** Names of the team's environments in their order. */
  chain: readonly string[];
  versions: readonly Version[];
  environments: readonly AppEnvironment[];
}

function Chooser({ place, chain, versions, environments }: ChooserProps) {
  const text = useText();
  const id = useId();
  const navigate = route.useNavigate();
  const search = route.useSearch();
  const able = versions.filter(({ state }) => state === "ready" || state === "asleep");
  const others = chain.filter((name) => name !== place.env);
  const version = search.version ?? able.toSorted((a, b) => b.percent - a.percent)[0]?.name;
  // The next one in the chain. The last one's only way is back, which nobody takes without choosing it.
  const to = search.to ?? chain[chain.indexOf(place.env) + 1];
  const { mayDeploy, deployRole } = usePlaceRights({ app: place.app, env: to ?? place.env });
  if (others.length === 0) return <Blank>{text.promote.nowhere}</Blank>;
  if (version === undefined) return <Blank>{text.promote.nothing}</Blank>;
  const there = environments.find(({ environment }) => environment === to);
  const serving = there?.traffic.toSorted((a, b) => b.percent - a.percent)[0]?.version;
  const choose = (next: { version?: string; to?: string }) => void navigate({ search: { version, to, ...next }, replace: true });
  return (
    <>
      {to === undefined && <p>{text.promote.last(place.env, chain.join(" → "))}</p>}
      <div className="fields">
        <label htmlFor={`${id}-version`}>{`${text.promote.version} (${place.env})`}</label>
        <Select
          id={`${id}-version`}
          className="wide-select"
          value={version}
          options={able.map(({ name, percent }) => ({ value: name, label: percent > 0 ? `${name} · ${percent} %` : name }))}
          onChange={(next) => choose({ version: next })}
        />
        <label htmlFor={`${id}-to`}>{text.promote.to}</label>
        <Select
          id={`${id}-to`}
          className="wide-select"
          {...(to === undefined ? { placeholder: text.promote.back } : { value: to })}
          options={others.map((name) => ({ value: name, label: name }))}
          onChange={(next) => choose({ to: next })}
        />
      </div>
      {to !== undefined && (
        <>
          <h3>{text.promote.changes(serving === undefined ? to : `${to} ${serving}`, `${place.env} ${version}`)}</h3>
          {serving === undefined ? (
            <p>{text.promote.fresh(to)}</p>
          ) : (
            <Difference place={place} from={{ environment: to, version: serving }} to={version} />
          )}
          {mayDeploy ? <Go place={place} version={version} to={to} there={there !== undefined} /> : <TakesRole role={deployRole} />}
        </>
      )}
    </>
  );
}

function Difference({ place, from, to }: { place: Place; from: { environment: string; version: string }; to: string }) {
  const query = useQuery(diffQuery(place, { from: from.version, fromEnvironment: from.environment, to }));
  return (
    <Loaded query={query} rows={3}>
      {(diff) => <DiffTable diff={diff} />}
    </Loaded>
  );
}

function Go({ place, version, to, there }: { place: Place; version: string; to: string; there: boolean }) {
  const text = useText();
  const navigate = useNavigate();
  const [noTraffic, setNoTraffic] = useState(false);
  const target = { app: place.app, env: to };
  const {
    change: promote,
    conflict,
    submit,
  } = useChange({
    place: target,
    there,
    send: (body: Promote, on) => client.promote(target, body, on),
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  return (
    <>
      <div className="form-actions">
        <Checkbox checked={noTraffic} onChange={(event) => setNoTraffic(event.target.checked)}>
          {text.promote.noTraffic}
        </Checkbox>
      </div>
      <div className="form-actions">
        <Button
          type="primary"
          loading={promote.isPending}
          onClick={() => submit({ from: place.env, version, ...(noTraffic ? { noTraffic } : {}) })}
        >
          {text.promote.go(version, to)}
        </Button>
        <Refused of={promote} conflict={conflict} />
      </div>
    </>
  );
}
