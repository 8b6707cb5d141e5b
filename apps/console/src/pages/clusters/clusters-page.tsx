import { useQuery } from "@tanstack/react-query";
import { useRights } from "../../api/team-queries.ts";
import { clustersQuery } from "../../api/cluster-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { AddCluster } from "./add-cluster.tsx";
import { ClusterPanel } from "./cluster-panel.tsx";

/** The engines that environments are on, and how each is. */
export function ClustersPage() {
  const text = useText();
  const query = useQuery(clustersQuery);
  const { platformAdmin } = useRights("");
  return (
    <Page title={text.clusters.title}>
      <p className="faint page-intro">{text.clusters.intro}</p>
      <Loaded query={query} rows={6}>
        {(clusters) => clusters.map((cluster) => <ClusterPanel key={cluster.name} cluster={cluster} admin={platformAdmin} />)}
      </Loaded>
      {platformAdmin && <AddCluster />}
    </Page>
  );
}
