import { useQuery } from "@tanstack/react-query";
import { appSettingsQuery, repositoryQuery } from "../../../api/repository-queries.ts";
import { useRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { usePlace } from "../use-place.ts";
import { DangerZone } from "./danger-zone.tsx";
import { Deliveries } from "./deliveries.tsx";
import { MetadataForm } from "./metadata-form.tsx";
import { RepositoryForm } from "./repository-form.tsx";
import { WebhookPanel } from "./webhook-panel.tsx";

/** What people know of the app, where its source comes from, and its end. */
export function SettingsTab() {
  const text = useText();
  const place = usePlace();
  const app = useQuery(appSettingsQuery(place.app));
  const repository = useQuery(repositoryQuery(place.app));
  const { known, may, admin } = useRights(app.data?.team ?? "");
  return (
    <>
      <title>{`${text.settings.title} · ${place.app} · Ebb`}</title>
      <Panel title={text.settings.about}>
        <Loaded query={app} rows={5}>
          {(data) => <MetadataForm key={data.name} app={data} readOnly={known && !may("developer")} />}
        </Loaded>
      </Panel>
      <Panel title={text.git.title}>
        <Loaded query={repository} rows={4}>
          {(data) => (
            <RepositoryForm key={place.app} place={place} team={app.data?.team ?? ""} repository={data} readOnly={known && !admin} />
          )}
        </Loaded>
      </Panel>
      {repository.data && repository.data.url !== "" && (
        <>
          <WebhookPanel repository={repository.data} readOnly={known && !admin} />
          <Panel title={text.git.pushes}>
            <Deliveries deliveries={repository.data.deliveries} />
          </Panel>
        </>
      )}
      <DangerZone place={place} readOnly={known && !admin} />
    </>
  );
}
