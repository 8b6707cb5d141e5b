import type { ConfigurationChange, LayerAddress, MemberRole } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { useEffect, useEffectEvent } from "react";
import { client } from "../../api/connection.ts";
import { layerQuery, theseOperationsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationList } from "../../ui/operation-list.tsx";
import { Panel } from "../../ui/page.tsx";
import { itemsOfLayer } from "./config-draft.ts";
import { ConfigEditor } from "./config-editor.tsx";

interface LayerEditorProps {
  address: LayerAddress;
  intro: string;
  /** Who may change it, when the reader may not. */
  least: MemberRole | null;
}

/** What one layer above the apps states; changing it shows first which apps get a new version by it. */
export function LayerEditor({ address, intro, least }: LayerEditorProps) {
  const text = useText();
  const query = useQuery(layerQuery(address));
  const own = address.team === undefined ? "platform" : address.env === undefined ? "team" : "environment";
  return (
    <Panel title={text.config.title}>
      <p className="faint">
        {intro} {text.config.introSecrets}
      </p>
      {least !== null && <p className="faint">{text.config.readOnly(text.teams.roles[least])}</p>}
      <Loaded query={query}>
        {(layer) => (
          <ConfigEditor<ConfigurationChange>
            own={own}
            items={itemsOfLayer(layer)}
            revision={layer.revision}
            empty={text.config.layer.empty}
            readOnly={least !== null}
            plan={(patch) => client.planLayer(address, patch)}
            apply={(patch, on) => client.patchLayer(address, patch, on)}
            Outcome={Rollout}
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** The layer is changed at once; its apps follow, each with an operation of its own. */
function Rollout({ of: { operation, operations }, onDone }: { of: ConfigurationChange; onDone: () => void }) {
  const text = useText();
  const queryClient = useQueryClient();
  const ids = operations.map(({ id }) => id);
  const query = useQuery({ ...theseOperationsQuery(ids), initialData: operations });
  const changed = useEffectEvent(() => onDone());
  useEffect(() => {
    void queryClient.invalidateQueries().then(changed);
  }, [queryClient]);
  return (
    <div className="progress" aria-live="polite">
      <Alert type="success" showIcon title={text.config.layer.done} />
      {ids.length > 0 && (
        <>
          <h3>{text.config.layer.rollout}</h3>
          <Loaded query={query}>{(all) => <OperationList operations={all} withApp />}</Loaded>
          {operation !== null && (
            <Link to="/operations/$id" params={{ id: operation.id }}>
              {text.operation.seeDetails}
            </Link>
          )}
        </>
      )}
    </div>
  );
}
