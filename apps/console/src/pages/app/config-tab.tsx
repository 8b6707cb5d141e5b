import { useQuery } from "@tanstack/react-query";
import { envQuery, secretsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { EnvEditor } from "./env-editor.tsx";
import { SecretEditor } from "./secret-editor.tsx";
import { useAppName } from "./use-app-name.ts";

export function ConfigTab() {
  const text = useText();
  const app = useAppName();
  const env = useQuery(envQuery(app));
  const secrets = useQuery(secretsQuery(app));
  return (
    <>
      <title>{`${text.app.config} · ${app} · Ebb`}</title>
      <Panel title={text.config.env}>
        <Loaded query={env}>{({ variables }) => <EnvEditor key={app} app={app} variables={variables} />}</Loaded>
      </Panel>
      <Panel title={text.config.secrets}>
        <Loaded query={secrets}>{({ items }) => <SecretEditor key={app} app={app} secrets={items} />}</Loaded>
      </Panel>
    </>
  );
}
