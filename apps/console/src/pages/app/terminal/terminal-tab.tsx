import type { Instance, Place } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { lazy, Suspense, useRef, useState } from "react";
import { client } from "../../../api/connection.ts";
import { instancesQuery, placeQuery } from "../../../api/queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Command } from "../../../ui/copy.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { Select } from "../../../ui/select.tsx";
import { usePlace } from "../use-place.ts";
import type { ShellEnd } from "./remote-shell.ts";

const route = getRouteApi("/apps/$app/$env/terminal");

const Screen = lazy(async () => ({ default: (await import("./screen.tsx")).Screen }));

/** A shell in an instance. What draws it is loaded with the first one that is opened. */
export function TerminalTab() {
  const text = useText();
  const place = usePlace();
  const { mayDeploy } = usePlaceRights(place);
  const instances = useQuery(instancesQuery(place));
  return (
    <>
      <title>{`${text.app.terminal} · ${place.app} · Ebb`}</title>
      <Panel title={text.terminal.title}>
        <p className="faint">{text.terminal.intro}</p>
        {!mayDeploy ? (
          <Alert type="warning" showIcon title={text.problem.forbiddenToDo} description={text.terminal.forbidden(place.env)} />
        ) : (
          <Loaded query={instances} rows={3}>
            {(all) => {
              const running = all.filter(({ ready, phase }) => ready || phase === "Running");
              return running.length === 0 ? (
                <Asleep place={place} />
              ) : (
                <Shell
                  key={`${place.app} ${place.env}`}
                  place={place}
                  instances={running.toSorted((a, b) => Number(b.ready) - Number(a.ready))}
                />
              );
            }}
          </Loaded>
        )}
        <p className="faint">{text.terminal.sameAs}</p>
        <Command>{`ebb exec ${place.app} --env ${place.env}`}</Command>
      </Panel>
    </>
  );
}

/** Nothing runs: there is nowhere to open one, until somebody asks the app for something. */
function Asleep({ place }: { place: Place }) {
  const text = useText();
  const state = useQuery(placeQuery(place)).data?.state;
  const wake = useMutation({ mutationFn: () => client.tryRequest(place, { method: "GET", path: "/", headers: [] }) });
  const failure = wake.data?.failure ?? null;
  return (
    <>
      <p>{state === "asleep" || state === "ready" ? text.terminal.asleep : text.terminal.none}</p>
      <p>
        <Button type="primary" loading={wake.isPending} onClick={() => wake.mutate()}>
          {text.terminal.wake}
        </Button>
      </p>
      {failure !== null && <Alert type="error" showIcon title={text.tryIt.failed} description={failure} />}
      <Refused of={wake} />
    </>
  );
}

type Session = { instance: string; attempt: number; end: ShellEnd | "broken" | null };

function Shell({ place, instances }: { place: Place; instances: readonly Instance[] }) {
  const text = useText();
  const navigate = route.useNavigate();
  const { instance: named } = route.useSearch();
  const [session, setSession] = useState<Session | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const chosen = named ?? instances[0]?.id ?? "";
  const known = instances.some(({ id }) => id === chosen);
  const open = session !== null && session.end === null;
  return (
    <>
      <div className="toolbar">
        <Select
          className="instance-select"
          value={chosen}
          disabled={open}
          aria-label={text.terminal.instance}
          popupMatchSelectWidth={false}
          options={[
            ...instances.map(({ id, version }) => ({ value: id, label: `${id} · ${version}` })),
            ...(known ? [] : [{ value: chosen, label: `${chosen} · ${text.terminal.gone}` }]),
          ]}
          onChange={(id) => void navigate({ search: { instance: id }, replace: true })}
        />
        <Button
          ref={button}
          type={open ? "default" : "primary"}
          disabled={!known && !open}
          onClick={() => setSession(open ? null : { instance: chosen, attempt: (session?.attempt ?? 0) + 1, end: null })}
        >
          {open ? text.terminal.close : session === null ? text.terminal.open : text.terminal.again}
        </Button>
        {open && <span className="faint">{text.terminal.leave}</span>}
      </div>
      {session !== null && (
        <>
          <Suspense fallback={<div className="shell-frame" role="status" aria-label={text.common.loading} />}>
            <Screen
              key={session.attempt}
              place={place}
              instance={session.instance}
              onEnd={(end) => setSession({ ...session, end: end ?? "broken" })}
              onLeave={() => button.current?.focus()}
            />
          </Suspense>
          <EndNote end={session.end} />
        </>
      )}
    </>
  );
}

function EndNote({ end }: { end: Session["end"] }) {
  const text = useText();
  if (end === null) return null;
  if (end === "broken") return <Alert type="warning" showIcon title={text.terminal.broken} />;
  if ("exit" in end) return <Alert type="info" showIcon title={text.terminal.ended(end.exit)} />;
  return <Alert type="error" showIcon title={end.failure} description={end.hint ?? text.terminal.noShell} />;
}
