import type { Cluster } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { useState } from "react";
import { clustersQuery } from "../../api/cluster-queries.ts";
import { client } from "../../api/connection.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Facts } from "../../ui/facts.tsx";
import { Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Ago } from "../../ui/time.tsx";
import { TypedConfirm } from "../../ui/typed-confirm.tsx";
import { ClusterState } from "./cluster-state.tsx";

/** One cluster: how it is, what it can, what is on it. */
export function ClusterPanel({ cluster, admin }: { cluster: Cluster; admin: boolean }) {
  const text = useText();
  const format = useFormat();
  const queryClient = useQueryClient();
  const check = useMutation({
    mutationFn: () => client.checkCluster(cluster.name),
    onSettled: () => queryClient.invalidateQueries(clustersQuery),
  });
  const words = text.clusters;
  const has = (value: boolean | null) => (value === null ? "?" : value ? words.yes : words.no);
  const facts: [string, string][] = [
    [words.version, cluster.version ?? "–"],
    [words.latency, cluster.latencyMs === null ? "–" : format.duration(cluster.latencyMs)],
    ["Knative", has(cluster.knative)],
    ["Istio", has(cluster.istio)],
    [words.apps, format.number(cluster.apps)],
    [words.instances, format.number(cluster.instances)],
  ];
  return (
    <Panel title={cluster.name} actions={<ClusterState cluster={cluster} />}>
      {cluster.message !== "" && (
        <Alert
          className="notice"
          type={cluster.state === "connecting" ? "info" : "warning"}
          showIcon
          title={cluster.message}
          description={cluster.state === "unreachable" ? words.unreachable : undefined}
        />
      )}
      <Facts facts={facts} />
      <dl className="pairs cluster-pairs">
        <dt>{words.server}</dt>
        <dd>
          <code>{cluster.server}</code> {cluster.main && <span className="faint">{words.main}</span>}
        </dd>
        <dt>{words.ingress}</dt>
        <dd>
          <code>{cluster.ingress}</code>
        </dd>
        {cluster.lastSeen !== null && (
          <>
            <dt>{words.lastSeen}</dt>
            <dd>
              <Ago at={cluster.lastSeen} />
            </dd>
          </>
        )}
        {cluster.createdBy !== null && cluster.createdAt !== null && (
          <>
            <dt>{words.added}</dt>
            <dd>
              <Ago at={cluster.createdAt} /> {text.common.by(cluster.createdBy)}
            </dd>
          </>
        )}
        <dt>{words.environments}</dt>
        <dd>
          {cluster.environments.length === 0 && <span className="faint">{words.noEnvironments}</span>}
          <span className="environments">
            {cluster.environments.map(({ team, name }) => (
              <Link key={`${team} ${name}`} to="/teams/$team/environments/$env" params={{ team, env: name }}>
                {team} · {name}
              </Link>
            ))}
          </span>
        </dd>
      </dl>
      <div className="form-actions">
        <Button loading={check.isPending} aria-label={`${words.check}: ${cluster.name}`} onClick={() => check.mutate()}>
          {words.check}
        </Button>
        {admin && !cluster.main && <Removal cluster={cluster} />}
      </div>
      <Refused of={check} />
    </Panel>
  );
}

function Removal({ cluster: { name, environments } }: { cluster: Cluster }) {
  const text = useText();
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState(false);
  const removal = useMutation({
    mutationFn: () => client.deleteCluster(name),
    onSuccess: () => queryClient.invalidateQueries(clustersQuery),
  });
  if (!asked)
    return (
      <Button
        danger
        aria-label={`${text.clusters.forget}: ${name}`}
        disabled={environments.length > 0}
        title={environments.length > 0 ? text.clusters.occupied : undefined}
        onClick={() => setAsked(true)}
      >
        {text.clusters.forget}
      </Button>
    );
  return (
    <div>
      <p>{text.clusters.forgetText(name)}</p>
      <TypedConfirm name={name} label={text.danger.type(name)} onConfirm={() => removal.mutate()}>
        {(ready) => (
          <div className="form-actions">
            <Button type="primary" danger htmlType="submit" disabled={!ready} loading={removal.isPending}>
              {text.clusters.forget}
            </Button>
            <Button onClick={() => setAsked(false)}>{text.common.cancel}</Button>
          </div>
        )}
      </TypedConfirm>
      <Refused of={removal} />
    </div>
  );
}
