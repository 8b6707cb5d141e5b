import type { PasswordLink, User } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { usersQuery } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Command } from "../../ui/copy.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { NameForm } from "../../ui/name-form.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";

/** Everybody on the platform, for its administrators. */
export function UsersPage() {
  const text = useText();
  const query = useQuery(usersQuery);
  const [link, setLink] = useState<PasswordLink | null>(null);
  return (
    <Page title={text.users.title}>
      {link !== null && (
        <Alert
          type="success"
          showIcon
          className="notice"
          title={text.users.link(link.user)}
          description={<Command>{`${location.origin}/?invite=${link.code}`}</Command>}
        />
      )}
      <Panel title={text.users.all}>
        <Loaded query={query} rows={5}>
          {(users) => (
            <ul className="rows">
              {users.map((user) => (
                <UserRow key={user.name} user={user} onLink={setLink} />
              ))}
            </ul>
          )}
        </Loaded>
      </Panel>
      {query.isSuccess && <Invite onLink={setLink} />}
    </Page>
  );
}

function UserRow({ user, onLink }: { user: User; onLink: (link: PasswordLink) => void }) {
  const text = useText();
  const queryClient = useQueryClient();
  const onSettled = () => queryClient.invalidateQueries(usersQuery);
  const patch = useMutation({
    mutationFn: (body: { disabled?: boolean; platformAdmin?: boolean }) => client.patchUser(user.name, body),
    onSettled,
  });
  const reset = useMutation({ mutationFn: () => client.resetPassword(user.name), onSuccess: onLink });
  const failed = patch.error ?? reset.error;
  return (
    <li>
      <b>{user.name}</b>
      {user.displayName !== "" && user.displayName !== user.name && <span>{user.displayName}</span>}
      {user.email !== "" && <span className="faint">{user.email}</span>}
      {user.disabled && <span className="warn">{text.users.disabled}</span>}
      {user.singleSignOn && <span className="faint">{text.users.singleSignOn}</span>}
      <span className="faint">
        {user.lastSignInAt === null ? (
          text.users.neverSignedIn
        ) : (
          <>
            {text.users.lastSignIn} <Ago at={user.lastSignInAt} />
          </>
        )}
      </span>
      <span className="row-action member-actions">
        <Checkbox checked={user.platformAdmin} onChange={(event) => patch.mutate({ platformAdmin: event.target.checked })}>
          {text.users.platformAdmin}
          <span className="unseen">: {user.name}</span>
        </Checkbox>
        <Confirm
          title={text.users.resetConfirm(user.name)}
          description={text.users.resetText}
          okText={text.users.reset}
          onConfirm={() => reset.mutate()}
        >
          <Button size="small" aria-label={`${text.users.reset}: ${user.name}`}>
            {text.users.reset}
          </Button>
        </Confirm>
        {user.disabled ? (
          <Button size="small" aria-label={`${text.users.enable}: ${user.name}`} onClick={() => patch.mutate({ disabled: false })}>
            {text.users.enable}
          </Button>
        ) : (
          <Confirm
            title={text.users.disableConfirm(user.name)}
            description={text.users.disableText}
            okText={text.users.disable}
            onConfirm={() => patch.mutate({ disabled: true })}
          >
            <Button size="small" danger aria-label={`${text.users.disable}: ${user.name}`}>
              {text.users.disable}
            </Button>
          </Confirm>
        )}
      </span>
      {failed !== null && <ProblemNote error={failed} title={text.problem.refused} />}
    </li>
  );
}

/** As `UserName` in the API's schemas. */
const USER_NAME = /^[a-z0-9]([-a-z0-9._@+]{0,62}[a-z0-9])?$/;

function Invite({ onLink }: { onLink: (link: PasswordLink) => void }) {
  const text = useText();
  const queryClient = useQueryClient();
  return (
    <NameForm
      title={text.users.invite}
      pattern={USER_NAME}
      help={text.users.nameHelp}
      remark={{ label: text.users.displayName, maxLength: 256 }}
      create={(name, displayName) => client.createUser({ name, displayName })}
      onCreated={(link) => {
        onLink(link);
        return queryClient.invalidateQueries(usersQuery);
      }}
    />
  );
}
