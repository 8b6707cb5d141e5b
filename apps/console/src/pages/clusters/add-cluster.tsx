import type { CreateCluster } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { clustersQuery } from "../../api/cluster-queries.ts";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";

/** As `ClusterName` and the gateway's address in the API's schemas. */
const NAME = /^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/;
const ADDRESS = /^[A-Za-z0-9.:[\]-]{1,253}:\d{1,5}$/;

const WAYS = ["kubeconfig", "token"] as const;
const empty = { name: "", ingress: "", kubeconfig: "", server: "", token: "", ca: "" };
type Draft = typeof empty;

function bodyOf(
  { name, ingress, kubeconfig, server, token, ca }: Draft,
  way: (typeof WAYS)[number],
  unchecked: boolean,
): CreateCluster | null {
  const place = { name, ingress, ...(unchecked ? { unchecked } : {}) };
  if (!NAME.test(name) || !ADDRESS.test(ingress)) return null;
  if (way === "kubeconfig") return kubeconfig.trim() === "" ? null : { ...place, kubeconfig };
  if (server === "" || token === "") return null;
  return { ...place, server, token, ...(ca.trim() === "" ? {} : { ca }) };
}

/** Adds a cluster by its kubeconfig, or by an address and a token; what is secret leaves the page as soon as it was sent. */
export function AddCluster() {
  const text = useText();
  const id = useId();
  const words = text.clusters;
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState(empty);
  const [way, setWay] = useState<(typeof WAYS)[number]>("kubeconfig");
  const [unchecked, setUnchecked] = useState(false);
  const body = bodyOf(draft, way, unchecked);
  const creation = useMutation({
    mutationFn: (asked: CreateCluster) => client.createCluster(asked),
    onSuccess: () => {
      setDraft(empty);
      return queryClient.invalidateQueries(clustersQuery);
    },
  });
  const set = (name: keyof Draft) => (event: { target: { value: string } }) => setDraft({ ...draft, [name]: event.target.value });
  const badName = draft.name !== "" && !NAME.test(draft.name);
  const badAddress = draft.ingress !== "" && !ADDRESS.test(draft.ingress);
  return (
    <Panel title={words.add}>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (body !== null) creation.mutate(body);
        }}
      >
        <label htmlFor={`${id}-name`}>{text.account.name}</label>
        <Input id={`${id}-name`} value={draft.name} status={badName ? "error" : ""} spellCheck={false} onChange={set("name")} />
        <p className={badName ? "bad-text" : "faint"}>{words.nameHelp}</p>
        <label htmlFor={`${id}-ingress`}>{words.ingress}</label>
        <Input
          id={`${id}-ingress`}
          value={draft.ingress}
          status={badAddress ? "error" : ""}
          placeholder="203.0.113.7:80"
          spellCheck={false}
          onChange={set("ingress")}
        />
        <p className={badAddress ? "bad-text" : "faint"}>{words.ingressHelp}</p>
        <Choice label={words.way} value={way} options={WAYS.map((one) => [one, words.ways[one]])} onChange={setWay} />
        {way === "kubeconfig" ? (
          <>
            <label htmlFor={`${id}-kubeconfig`}>{words.ways.kubeconfig}</label>
            <Input.TextArea
              id={`${id}-kubeconfig`}
              className="code-input"
              value={draft.kubeconfig}
              autoSize={{ minRows: 4, maxRows: 12 }}
              spellCheck={false}
              onChange={set("kubeconfig")}
            />
            <p className="faint">{words.kubeconfigHelp}</p>
          </>
        ) : (
          <>
            <label htmlFor={`${id}-server`}>{words.server}</label>
            <Input
              id={`${id}-server`}
              value={draft.server}
              placeholder="https://203.0.113.7:6443"
              spellCheck={false}
              onChange={set("server")}
            />
            <label htmlFor={`${id}-token`}>{words.token}</label>
            <Input.Password id={`${id}-token`} value={draft.token} autoComplete="off" onChange={set("token")} />
            <label htmlFor={`${id}-ca`}>{words.ca}</label>
            <Input.TextArea
              id={`${id}-ca`}
              value={draft.ca}
              autoSize={{ minRows: 2, maxRows: 8 }}
              spellCheck={false}
              onChange={set("ca")}
            />
          </>
        )}
        <Checkbox checked={unchecked} onChange={(event) => setUnchecked(event.target.checked)}>
          {words.unchecked}
        </Checkbox>
        <Button type="primary" htmlType="submit" disabled={body === null} loading={creation.isPending}>
          {words.add}
        </Button>
        <Refused of={creation} />
      </form>
    </Panel>
  );
}
