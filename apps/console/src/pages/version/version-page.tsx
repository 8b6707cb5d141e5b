import type { Place, Version } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { configurationQuery, versionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Address, CopyButton } from "../../ui/copy.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { NotFound } from "../../ui/problem.tsx";
import { VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { VersionMark } from "../../ui/version-mark.tsx";
import { Pin } from "./pin.tsx";
import { Compare } from "./compare.tsx";

const route = getRouteApi("/apps/$app/$env/versions/$version");

/** One version: where it is from, what it was made with, and what differs from another. */
export function VersionPage() {
  const text = useText();
  const { app, env, version: name } = route.useParams();
  const place = { app, env };
  const query = useQuery(versionsQuery(place));
  return (
    <>
      <title>{`${name} · ${app} · Ebb`}</title>
      <Loaded query={query} rows={6}>
        {(versions) => {
          const version = versions.find((one) => one.name === name);
          if (!version) return <NotFound detail={text.version.none(name, app, env)} level={2} />;
          return (
            <>
              <Facts place={place} version={version} />
              <Compare key={name} place={place} version={name} versions={versions} />
              <Configuration place={place} version={name} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function Facts({ place, version }: { place: Place; version: Version }) {
  const text = useText();
  const { name, promotedFrom, previewUrl } = version;
  const able = version.state === "ready" || version.state === "asleep";
  return (
    <section className="panel" aria-label={name}>
      <header>
        <h2>
          <VersionMark version={name} />
        </h2>
        <span className="rule-actions">
          <ButtonLink size="small" to="/apps/$app/$env/logs" params={place} search={{ version: name }}>
            {text.app.logs}
          </ButtonLink>
          {able && (
            <ButtonLink size="small" to="/apps/$app/$env/promote" params={place} search={{ version: name }}>
              {text.promote.button}
            </ButtonLink>
          )}
        </span>
      </header>
      <dl className="pairs">
        <dt>{text.common.state}</dt>
        <dd>
          <VersionStateLabel state={version.state} /> {version.state !== "ready" && <span className="faint">{version.message}</span>}
        </dd>
        <dt>{text.versions.traffic}</dt>
        <dd>
          <span className="number">{version.percent} %</span> · {text.overview.running(version.instances)}
        </dd>
        <dt>{text.common.created}</dt>
        <dd>
          <Ago at={version.createdAt} /> {text.common.by(version.createdBy)}
        </dd>
        <dt>{text.version.from}</dt>
        <dd>
          {promotedFrom === null ? (
            version.detectedFrom
          ) : (
            <Link
              to="/apps/$app/$env/versions/$version"
              params={{ app: place.app, env: promotedFrom.environment, version: promotedFrom.version }}
            >
              {text.version.promoted(promotedFrom.environment, promotedFrom.version)}
            </Link>
          )}
        </dd>
        <dt>{text.version.commit}</dt>
        <dd>{version.commit === null ? <span className="faint">{text.version.noCommit}</span> : <code>{version.commit}</code>}</dd>
        {version.source !== null && (
          <>
            <dt>{text.git.title}</dt>
            <dd>
              {text.git.commit(version.source.author, version.source.message)}
              <br />
              <code>{version.source.url}</code> {version.source.ref !== "" && text.git.at(version.source.ref)}
              {version.source.folder !== "" && <code> {version.source.folder}</code>}
            </dd>
          </>
        )}
        <dt>{text.kept.label}</dt>
        <dd>
          <Pin place={place} version={version} />
        </dd>
        <dt>{text.versions.image}</dt>
        <dd>
          <code>{version.image}</code> <CopyButton value={version.image} what={text.versions.image} />
        </dd>
        {version.digest !== null && (
          <>
            <dt>{text.version.digest}</dt>
            <dd>
              <code>{version.digest}</code>
            </dd>
          </>
        )}
        {previewUrl !== null && (
          <>
            <dt>{text.versions.preview}</dt>
            <dd>
              <Address url={previewUrl} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Configuration({ place, version }: { place: Place; version: string }) {
  const text = useText();
  const query = useQuery(configurationQuery(place, version));
  const columns: Column<{ path: string; value: string }>[] = [
    { key: "path", title: text.promote.setting, render: ({ path }) => <code className="strong">{path}</code> },
    {
      key: "value",
      title: text.config.value,
      render: ({ value }) => (
        <div className="prose">
          <code>{value}</code>
        </div>
      ),
    },
  ];
  return (
    <Panel title={text.version.configuration}>
      <p className="faint">{text.version.configurationText}</p>
      <Loaded query={query} rows={4}>
        {(items) =>
          items.length === 0 ? (
            <Blank>{text.version.noConfiguration}</Blank>
          ) : (
            <DataTable label={text.version.configuration} rows={items} columns={columns} keyOf={({ path }) => path} />
          )
        }
      </Loaded>
    </Panel>
  );
}
