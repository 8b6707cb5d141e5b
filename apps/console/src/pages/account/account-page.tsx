import { useQuery } from "@tanstack/react-query";
import { meQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { SessionList } from "./session-list.tsx";
import { TokenForm } from "./token-form.tsx";
import { TokenList } from "./token-list.tsx";

/** One's own: tokens and sessions. */
export function AccountPage() {
  const text = useText();
  const me = useQuery(meQuery);
  return (
    <Page title={me.data === undefined ? text.account.nav : text.account.title(me.data.name)} windowTitle={text.account.nav}>
      <Loaded query={me} rows={1}>
        {({ teams, platformAdmin }) => (
          <p className="faint">
            {[
              ...(platformAdmin ? [text.users.platformAdmin] : []),
              ...teams.map(({ team, role }) => `${team}: ${text.teams.roles[role]}`),
            ].join(" · ")}
          </p>
        )}
      </Loaded>
      <Panel title={text.account.tokens}>
        <p>{text.account.tokensIntro}</p>
        <TokenList />
        <TokenForm />
      </Panel>
      <Panel title={text.account.sessions}>
        <p>{text.account.sessionsIntro}</p>
        <SessionList />
      </Panel>
    </Page>
  );
}
