import { useQuery } from "@tanstack/react-query";
import { variablesQuery, secretsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { EnvEditor } from "./env-editor.tsx";
import { SecretEditor } from "./secret-editor.tsx";
import { usePlace } from "./use-place.ts";

export function ConfigTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const env = useQuery(variablesQuery(place));
  const secrets = useQuery(secretsQuery(place));
  return (
    <>
      <title>{`${text.app.config} · ${app} · Ebb`}</title>
      <Panel title={text.config.env}>
        <Loaded query={env}>{({ variables }) => <EnvEditor key={`${app} ${place.env}`} place={place} variables={variables} />}</Loaded>
      </Panel>
      <Panel title={text.config.secrets}>
        <Loaded query={secrets}>{({ items }) => <SecretEditor key={`${app} ${place.env}`} place={place} secrets={items} />}</Loaded>
      </Panel>
    </>
  );
}
