import type { RecentRequest } from "@ebb/api";
import { REQUEST_STATUSES } from "@ebb/api/client";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { recentRequestsQuery, versionsQuery } from "../../../api/queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
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
import { AnswerMark } from "./answer-mark.tsx";
import { PickedRequest } from "./picked-request.tsx";

const route = getRouteApi("/apps/$app/$env/requests");

/** What was asked of the app lately, what became of it and which version answered; from each there is a way to why, and to trying it again. */
export function RequestsTab() {
  const text = useText();
  const place = usePlace();
  const { request, status, version, q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  // What failed, or went to a version, may be older than the newest that can be shown of all: the platform narrows by it, the page by words.
  const query = useQuery(recentRequestsQuery(place, { status, version }));
  const narrow = (to: Narrowed) => void navigate({ search: (now) => ({ ...now, ...to }), replace: true, resetScroll: false });
  const wanted = q.trim().toLowerCase();
  const fits = (one: RecentRequest) => `${one.method} ${one.path} ${one.host} ${one.id}`.toLowerCase().includes(wanted);
  const shown = query.data?.items.filter(fits) ?? [];
  return (
    <>
      <title>{`${text.requests.title} · ${place.app} · Ebb`}</title>
      {request !== undefined && <PickedRequest key={request} place={place} id={request} onClose={() => narrow({ request: undefined })} />}
      <Panel title={text.requests.title}>
        <p className="faint">{text.requests.intro}</p>
        <div className="toolbar">
          <Narrow narrow={narrow} />
          <span className="faint" role="status">
            {query.data && query.data.items.length > 0 ? text.requests.count(shown.length, query.data.items.length) : ""}
          </span>
        </div>
        <Loaded query={query} rows={8}>
          {({ items, recorded }) => {
            if (shown.length > 0) return <RequestTable requests={shown} onPick={(id) => narrow({ request: id })} />;
            if (!recorded) return <Blank>{text.requests.notRecorded}</Blank>;
            if (items.length > 0 || version !== undefined) return <Blank>{text.requests.noMatch}</Blank>;
            return (
              <Blank>{status === undefined ? text.requests.none : text.requests.noneSo[status === "failed" ? "failed" : "other"]}</Blank>
            );
          }}
        </Loaded>
      </Panel>
    </>
  );
}

type Narrowed = Partial<ReturnType<typeof route.useSearch>>;

function Narrow({ narrow }: { narrow: (to: Narrowed) => void }) {
  const text = useText();
  const { status, version, q = "" } = route.useSearch();
  const { words, setTyped, onBlur } = useTyped(q);
  const versions = new Set(useQuery(versionsQuery(usePlace())).data?.map(({ name }) => name));
  if (version !== undefined) versions.add(version);
  return (
    <>
      <Select
        className="filter"
        value={status ?? ""}
        aria-label={text.requests.status}
        options={[
          { value: "", label: text.requests.anyStatus },
          ...REQUEST_STATUSES.map((one) => ({ value: one, label: one === "failed" ? text.requests.failed : one })),
        ]}
        onChange={(chosen) => narrow({ status: REQUEST_STATUSES.find((one) => one === chosen) })}
      />
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
    </>
  );
}

interface RequestTableProps {
  requests: readonly RecentRequest[];
  onPick: (id: string) => void;
}

function RequestTable({ requests, onPick }: RequestTableProps) {
  const text = useText();
  const format = useFormat();
  const place = usePlace();
  const columns: Column<RecentRequest>[] = [
    {
      key: "request",
      title: text.requests.request,
      render: ({ method, path, reason }) => (
        <div className="prose">
          <code>{`${method} ${path}`}</code>
          {reason !== null && (
            <div className="faint">
              {text.requests.gatewaySays} <span lang="en">{reason}</span>
            </div>
          )}
        </div>
      ),
    },
    { key: "status", title: text.requests.status, render: (request) => <AnswerMark request={request} /> },
    {
      key: "took",
      title: text.requests.took,
      align: "right",
      render: ({ durationMs }) => <span className="number">{format.duration(durationMs)}</span>,
    },
    {
      key: "version",
      title: text.requests.version,
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
    {
      key: "count",
      title: text.requests.standsFor,
      align: "right",
      render: ({ count }) => <span className="number">{format.number(count)}</span>,
    },
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
              search={{ request: request.id }}
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
