import type { RecentRequest } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { recentRequestsQuery } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { ButtonLink } from "../../../ui/button-link.tsx";
import { DataTable, type Column } from "../../../ui/data-table.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { Select } from "../../../ui/select.tsx";
import { Ago } from "../../../ui/time.tsx";
import { useTyped } from "../../../ui/use-typed.ts";
import { byNewest } from "../../../ui/version.ts";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { usePlace } from "../use-place.ts";
import { askedAgain } from "./asked-again.ts";
import { PickedRequest } from "./picked-request.tsx";

const route = getRouteApi("/apps/$app/$env/requests");

/** What was asked of the app lately and which version answered; from each there is a way to why, and to trying it again. */
export function RequestsTab() {
  const text = useText();
  const place = usePlace();
  const { request } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(recentRequestsQuery(place));
  const pick = (id: string | undefined) => void navigate({ search: (now) => ({ ...now, request: id }), replace: true, resetScroll: false });
  return (
    <>
      <title>{`${text.requests.title} · ${place.app} · Ebb`}</title>
      {request !== undefined && <PickedRequest key={request} place={place} id={request} onClose={() => pick(undefined)} />}
      <Panel title={text.requests.title}>
        <p className="faint">{text.requests.intro}</p>
        <Loaded query={query} rows={8}>
          {({ items, recorded }) =>
            items.length === 0 ? (
              <Blank>{recorded ? text.requests.none : text.requests.notRecorded}</Blank>
            ) : (
              <Requests requests={items} onPick={pick} />
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

interface RequestsProps {
  requests: readonly RecentRequest[];
  onPick: (id: string) => void;
}

function Requests({ requests, onPick }: RequestsProps) {
  const text = useText();
  const { version, q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { words, setTyped, onBlur } = useTyped(q);
  const narrow = (to: { version?: string | undefined; q?: string | undefined }) =>
    void navigate({ search: (now) => ({ ...now, ...to }), replace: true, resetScroll: false });
  const versions = new Set(requests.flatMap((one) => one.version ?? []));
  if (version !== undefined) versions.add(version);
  const wanted = words.trim().toLowerCase();
  const fits = ({ id, method, host, path }: RecentRequest) => `${method} ${path} ${host} ${id}`.toLowerCase().includes(wanted);
  const shown = requests.filter((one) => (version === undefined || one.version === version) && fits(one));
  return (
    <>
      <div className="toolbar">
        <Select
          className="filter"
          value={version ?? ""}
          aria-label={text.common.version}
          options={[
            { value: "", label: text.common.allVersions },
            ...[...versions].toSorted(byNewest).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(name) => narrow({ version: name === "" ? undefined : name })}
        />
        <Input
          className="find"
          value={words}
          onBlur={onBlur}
          allowClear
          placeholder={text.requests.find}
          aria-label={text.requests.find}
          onChange={({ target }) => {
            setTyped(target.value);
            narrow({ q: target.value === "" ? undefined : target.value });
          }}
        />
        <span className="faint" role="status">
          {text.requests.count(shown.length, requests.length)}
        </span>
      </div>
      {shown.length === 0 ? <Blank>{text.requests.noMatch}</Blank> : <RequestTable requests={shown} onPick={onPick} />}
    </>
  );
}

function RequestTable({ requests, onPick }: RequestsProps) {
  const text = useText();
  const place = usePlace();
  const columns: Column<RecentRequest>[] = [
    {
      key: "request",
      title: text.requests.request,
      render: ({ method, path }) => (
        <div className="prose">
          <code>{`${method} ${path}`}</code>
        </div>
      ),
    },
    {
      key: "version",
      title: text.requests.answeredBy,
      render: ({ version }) =>
        version === null ? <span className="faint">{text.requests.nobody}</span> : <VersionMark version={version} />,
    },
    {
      key: "host",
      title: text.requests.host,
      render: ({ host }) => (
        <span className="faint clipped" title={host}>
          {host}
        </span>
      ),
    },
    { key: "count", title: text.requests.standsFor, align: "right", render: ({ count }) => <span className="number">{count}</span> },
    { key: "when", title: text.requests.when, render: ({ time }) => <Ago at={time} /> },
    {
      key: "acts",
      title: text.requests.why,
      titleUnseen: true,
      align: "right",
      render: (request) => {
        const name = `${request.method} ${request.path}`;
        return (
          <span className="rule-actions">
            <Button size="small" aria-label={text.requests.whyOf(name)} onClick={() => onPick(request.id)}>
              {text.requests.why}
            </Button>
            <ButtonLink
              size="small"
              to="/apps/$app/$env/try"
              params={place}
              search={askedAgain(request)}
              aria-label={text.requests.againOf(name)}
            >
              {text.requests.again}
            </ButtonLink>
          </span>
        );
      },
    },
  ];
  return <DataTable label={text.requests.label} rows={requests} columns={columns} keyOf={({ id, time }) => `${id} ${time}`} />;
}
