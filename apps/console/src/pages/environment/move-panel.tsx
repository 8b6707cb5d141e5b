import type { Cluster, Environment } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { clustersQuery } from "../../api/cluster-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Select } from "../../ui/select.tsx";
import { TypedConfirm } from "../../ui/typed-confirm.tsx";

/** To another engine, with all apps; nothing where there is no other. */
export function MovePanel({ environment }: { environment: Environment }) {
  const { data: clusters = [] } = useQuery(clustersQuery);
  const others = clusters.filter(({ name }) => name !== environment.cluster);
  return others.length === 0 ? null : <Move environment={environment} others={others} />;
}

function Move({ environment: { team, name }, others }: { environment: Environment; others: readonly Cluster[] }) {
  const text = useText();
  const words = text.environments.move;
  const id = useId();
  const [chosen, setChosen] = useState<string | null>(null);
  const cluster = chosen ?? others[0]?.name ?? "";
  const move = useMutation({ mutationFn: () => client.moveEnvironment(team, name, { cluster }) });
  return (
    <Panel title={words.title}>
      <p>{words.text}</p>
      <div className="fields">
        <label htmlFor={id}>{words.to}</label>
        <Select
          id={id}
          className="wide-select"
          value={cluster}
          options={others.map((other) => ({ value: other.name, label: `${other.name} · ${text.clusters.states[other.state]}` }))}
          onChange={setChosen}
        />
      </div>
      <TypedConfirm name={name} label={words.type(name)} onConfirm={() => move.mutate()}>
        {(ready) => (
          <Button htmlType="submit" disabled={!ready} loading={move.isPending}>
            {words.button(cluster)}
          </Button>
        )}
      </TypedConfirm>
      <Refused of={move} />
      {move.isSuccess && <OperationProgress id={move.data.id} />}
    </Panel>
  );
}
