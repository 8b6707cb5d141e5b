import type { Cluster } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clustersQuery } from "../../api/cluster-queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { ClusterState } from "../clusters/cluster-state.tsx";

/** Every engine in a line: how it is, and what is on it; the rest is on the clusters' own page. */
export function Engines() {
  const text = useText();
  const query = useQuery(clustersQuery);
  return (
    <Panel title={text.platforms.engines} className="whole" actions={<Link to="/clusters">{text.clusters.all}</Link>}>
      <Loaded query={query} rows={2}>
        {(clusters) => <Table clusters={clusters} />}
      </Loaded>
    </Panel>
  );
}

function Table({ clusters }: { clusters: readonly Cluster[] }) {
  const text = useText();
  const format = useFormat();
  const words = text.clusters;
  const columns: Column<Cluster>[] = [
    { key: "name", title: text.status.name, render: ({ name }) => <b>{name}</b> },
    { key: "state", title: text.platforms.state, render: (cluster) => <ClusterState cluster={cluster} /> },
    { key: "version", title: words.version, render: ({ version }) => version ?? "–" },
    {
      key: "latency",
      title: words.latency,
      align: "right",
      render: ({ latencyMs }) => (latencyMs === null ? "–" : format.duration(latencyMs)),
    },
    { key: "environments", title: words.environments, align: "right", render: ({ environments }) => format.number(environments.length) },
    { key: "instances", title: words.instances, align: "right", render: ({ instances }) => format.number(instances) },
  ];
  return (
    <>
      <DataTable label={text.platforms.engines} rows={clusters} columns={columns} keyOf={({ name }) => name} />
      {clusters.map(
        ({ name, message }) =>
          message !== "" && (
            <p key={name} className="bad-text">
              {name}: <span lang="en">{message}</span>
            </p>
          ),
      )}
    </>
  );
}
