import type { GitCredential } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { gitCredentialsQuery } from "../../api/git-queries.ts";
import { useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Ago } from "../../ui/time.tsx";
import { CredentialForm } from "./credential-form.tsx";
import { TeamSections } from "./team-sections.tsx";

const route = getRouteApi("/teams/$team/git");

/** What the platform reads a team's private repositories with. */
export function GitPage() {
  const { gitAccess: text } = useText();
  const { team } = route.useParams();
  const query = useQuery(gitCredentialsQuery(team));
  const { admin } = useRights(team);
  return (
    <Page title={text.title(team)}>
      <TeamSections team={team} />
      <Panel title={text.credentials}>
        <p className="faint">{text.intro}</p>
        <Loaded query={query} rows={3}>
          {(all) => (all.length === 0 ? <Blank>{text.none}</Blank> : <Credentials team={team} credentials={all} mayChange={admin} />)}
        </Loaded>
      </Panel>
      {admin && (
        <Panel title={text.add}>
          <CredentialForm key={team} team={team} />
        </Panel>
      )}
    </Page>
  );
}

interface CredentialsProps {
  team: string;
  credentials: readonly GitCredential[];
  mayChange: boolean;
}

function Credentials({ team, credentials, mayChange }: CredentialsProps) {
  const { gitAccess: text, common } = useText();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: ({ id }: GitCredential) => client.deleteGitCredential(team, id),
    onSettled: () => queryClient.invalidateQueries(gitCredentialsQuery(team)),
  });
  return (
    <>
      <Refused of={remove} />
      <ul className="rows">
        {credentials.map((credential) => (
          <li key={credential.id}>
            <b>{credential.prefix}</b>
            <span>{text.kinds[credential.kind]}</span>
            {credential.user !== "" && <span>{credential.user}</span>}
            {credential.publicKey !== null && (
              <span>
                <code>{credential.fingerprint}</code>
                <CopyButton value={credential.publicKey} what={text.publicKey(credential.prefix)} />
              </span>
            )}
            <span className="faint">
              {common.created} <Ago at={credential.createdAt} /> {common.by(credential.createdBy)}
            </span>
            {mayChange && (
              <Confirm
                title={text.remove(credential.prefix)}
                description={text.removeText}
                okText={common.remove}
                onConfirm={() => remove.mutate(credential)}
              >
                <Button size="small" danger className="row-action" aria-label={text.remove(credential.prefix)}>
                  {common.remove}
                </Button>
              </Confirm>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
