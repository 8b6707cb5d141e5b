import type { Operation } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { client } from "../../api/connection.ts";
import { placeConfigurationQuery } from "../../api/queries.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Panel } from "../../ui/page.tsx";
import { itemsOfApp } from "../configuration/config-draft.ts";
import { ConfigEditor } from "../configuration/config-editor.tsx";
import { usePlace } from "./use-place.ts";

/** What the app is given here, where each value comes from, and the app's own layer to edit. */
export function ConfigTab() {
  const text = useText();
  const place = usePlace();
  const { team, mayDeploy, deployRole } = usePlaceRights(place);
  const query = useQuery(placeConfigurationQuery(place));
  return (
    <>
      <title>{`${text.app.config} · ${place.app} · Ebb`}</title>
      <Panel title={text.app.config}>
        <p className="faint">
          {text.config.intro} {text.config.introSecrets}
        </p>
        {team !== "" && (
          <p className="faint elsewhere">
            {text.config.elsewhere}{" "}
            <Link to="/teams/$team/environments/$env/configuration" params={{ team, env: place.env }}>
              {text.config.layer.goTo.environment} {place.env}
            </Link>
            <Link to="/teams/$team/configuration" params={{ team }}>
              {text.config.layer.goTo.team} {team}
            </Link>
          </p>
        )}
        <p>
          <Link to="/apps/$app/$env/versions" params={place}>
            {text.config.history}
          </Link>
        </p>
        {!mayDeploy && <p className="faint">{text.config.readOnly(text.teams.roles[deployRole])}</p>}
        <Loaded query={query}>
          {(configuration) => (
            <>
              {configuration.fault !== null && (
                <Alert type="error" showIcon className="notice" title={text.config.broken} description={configuration.fault} />
              )}
              <ConfigEditor<Operation>
                key={`${place.app} ${place.env}`}
                own="app"
                items={itemsOfApp(configuration)}
                revision={configuration.revision}
                empty={text.config.empty}
                readOnly={!mayDeploy}
                plan={(patch) => client.planConfiguration(place, patch)}
                versionsOf={place}
                apply={(patch, on) => client.patchConfiguration(place, patch, on)}
                Outcome={NewVersion}
              />
            </>
          )}
        </Loaded>
      </Panel>
    </>
  );
}

function NewVersion({ of: { id }, onDone }: { of: Operation; onDone: () => void }) {
  return <OperationProgress id={id} onSucceeded={onDone} />;
}
