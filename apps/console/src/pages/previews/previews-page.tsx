import type { Environment, Revised, Team } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys, teamQuery } from "../../api/queries.ts";
import { environmentsQuery, useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { TeamSections } from "../teams/team-sections.tsx";
import { MakePreview } from "./make-preview.tsx";
import { PreviewRow } from "./preview-row.tsx";

const route = getRouteApi("/teams/$team/previews");

/** The environments of a team that delete themselves: how long each has left, longer or shorter. */
export function PreviewsPage() {
  const { previews: text } = useText();
  const { team } = route.useParams();
  const query = useQuery(environmentsQuery(team));
  const about = useQuery(teamQuery(team)).data;
  const { may, admin } = useRights(team);
  return (
    <Page title={text.title(team)}>
      <TeamSections team={team} />
      <Panel title={text.nav} actions={about && <Count previews={query.data ?? []} limit={about.previewLimit} />}>
        <p className="faint">{text.intro}</p>
        <Loaded query={query}>{(all) => <PreviewList key={team} team={team} environments={all} changeable={may("developer")} />}</Loaded>
      </Panel>
      {may("developer") && <MakePreview key={team} team={team} />}
      {admin && about && (
        <Panel title={text.limit}>
          <LimitForm key={`${team} ${about.previewLimit}`} team={about} />
        </Panel>
      )}
    </Page>
  );
}

function Count({ previews, limit }: { previews: readonly Environment[]; limit: number }) {
  const { previews: text } = useText();
  return <span className="faint">{text.count(previews.filter(({ preview }) => preview !== null).length, limit)}</span>;
}

interface PreviewListProps {
  team: string;
  environments: readonly Environment[];
  changeable: boolean;
}

function PreviewList({ team, environments, changeable }: PreviewListProps) {
  const { previews: text } = useText();
  const queryClient = useQueryClient();
  const extend = useMutation({
    mutationFn: ({ name, ttlHours }: { name: string; ttlHours: number }) => client.extendPreview(team, name, { ttlHours }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.teams }),
  });
  const remove = useMutation({ mutationFn: (name: string) => client.deletePreview(team, name) });
  const shown = environments.flatMap(({ preview, ...rest }) => (preview === null ? [] : [{ ...rest, preview }]));
  return (
    <>
      {shown.length === 0 ? (
        <Blank>{text.none}</Blank>
      ) : (
        <ul className="rows">
          {shown.map((environment) => (
            <PreviewRow
              key={environment.name}
              environment={environment}
              changeable={changeable}
              busy={extend.isPending}
              onExtend={(ttlHours) => extend.mutate({ name: environment.name, ttlHours })}
              onDelete={() => remove.mutate(environment.name)}
            />
          ))}
        </ul>
      )}
      <Refused of={extend} />
      <Refused of={remove} />
      {remove.isSuccess && <OperationProgress id={remove.data.id} />}
    </>
  );
}

/** How many the team may have at once; its administrators say. */
function LimitForm({ team }: { team: Revised<Team> }) {
  const { previews: text } = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [limit, setLimit] = useState(team.previewLimit);
  const save = useMutation({
    mutationFn: () => client.patchTeam(team.name, { previewLimit: limit }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.teams }),
  });
  return (
    <form
      className="form-actions"
      onSubmit={(event) => {
        event.preventDefault();
        if (limit !== team.previewLimit) save.mutate();
      }}
    >
      <label htmlFor={id} className="unseen">
        {text.limit}
      </label>
      <InputNumber<number> id={id} min={0} max={100} precision={0} value={limit} onChange={(value) => setLimit(value ?? 0)} />
      <Button htmlType="submit" disabled={limit === team.previewLimit} loading={save.isPending}>
        {text.saveLimit}
      </Button>
      <Refused of={save} />
    </form>
  );
}
