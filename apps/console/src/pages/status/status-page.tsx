import type { PlatformStatus } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { statusQuery } from "../../api/queries.ts";
import { useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Command } from "../../ui/copy.tsx";
import { download } from "../../ui/download.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";
import { Engines } from "./engines.tsx";
import { GitServers } from "./git-servers.tsx";
import { Processes } from "./processes.tsx";

export function StatusPage() {
  const text = useText();
  const query = useQuery(statusQuery);
  const { platformAdmin } = useRights("");
  return (
    <Page
      title={text.status.title}
      actions={
        <>
          {platformAdmin && <ButtonLink to="/configuration">{text.config.title}</ButtonLink>}
          <SignOut />
        </>
      }
    >
      <Loaded query={query} rows={6}>
        {(status) => <Status status={status} />}
      </Loaded>
      {platformAdmin && <GitServers />}
    </Page>
  );
}

function Status({ status }: { status: PlatformStatus }) {
  const text = useText();
  return (
    <div className="panels">
      <Panel title={text.status.platform}>
        <dl className="pairs">
          <dt>{text.status.version}</dt>
          <dd>{status.version}</dd>
          <dt>{text.status.started}</dt>
          <dd>
            <Ago at={status.startedAt} />
          </dd>
          <dt>{text.status.you}</dt>
          <dd>{status.user}</dd>
        </dl>
      </Panel>
      <Panel title={text.status.gateway} actions={<Ready ready={status.gateway.ready} />}>
        <dl className="pairs">
          <dt>{text.status.address}</dt>
          <dd>
            <code>{status.gateway.address}</code>
          </dd>
        </dl>
      </Panel>
      <Panel title={text.status.apps}>
        <dl className="pairs">
          <dt>{text.status.total}</dt>
          <dd className="number">{status.apps.total}</dd>
        </dl>
        <h3>{text.status.inEnvironments}</h3>
        <dl className="pairs">
          <dt>{text.appState.ready}</dt>
          <dd className="number">{status.apps.ready}</dd>
          <dt>{text.appState.asleep}</dt>
          <dd className="number">{status.apps.asleep}</dd>
          <dt>{text.appState.failed}</dt>
          <dd className="number">{status.apps.failed}</dd>
        </dl>
      </Panel>
      {status.platforms.length > 0 && <Processes platforms={status.platforms} />}
      <Engines />
      <Kubeconfig />
    </div>
  );
}

function Ready({ ready }: { ready: boolean }) {
  const text = useText();
  return (
    <span className="state">
      <span className={`dot ${ready ? "dot-good" : "dot-bad"}`} aria-hidden="true" />
      {ready ? text.status.ready : text.status.notReady}
    </span>
  );
}

function Kubeconfig() {
  const text = useText();
  const fetched = useMutation({
    mutationFn: () => client.kubeconfig(),
    onSuccess: (content) => download("ebb-kubeconfig.yaml", content),
  });
  return (
    <Panel title={text.status.kubeconfig} className="whole">
      <p className="faint">{text.status.kubeconfigText}</p>
      <Command>kubectl --kubeconfig ebb-kubeconfig.yaml get ksvc -A</Command>
      <div className="form-actions">
        <Button loading={fetched.isPending} onClick={() => fetched.mutate()}>
          {text.status.downloadKubeconfig}
        </Button>
      </div>
      {fetched.isError && <ProblemNote error={fetched.error} title={text.problem.refused} />}
    </Panel>
  );
}

function SignOut() {
  const text = useText();
  // The next answer is a 401, which shows the way back in.
  const out = useMutation({ mutationFn: () => client.deleteSession(), onSuccess: () => location.assign("/") });
  return <Button onClick={() => out.mutate()}>{text.status.signOut}</Button>;
}
