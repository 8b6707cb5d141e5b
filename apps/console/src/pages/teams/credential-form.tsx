import type { CreateGitCredential } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { gitCredentialsQuery } from "../../api/git-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Command } from "../../ui/copy.tsx";
import { Refused } from "../../ui/refused.tsx";

type Kind = CreateGitCredential["kind"];
const EMPTY = { prefix: "", user: "", token: "", key: "", knownHosts: "" };

/** A token, or a deploy key that the platform makes unless one is given. What is secret is never shown again. */
export function CredentialForm({ team }: { team: string }) {
  const { gitAccess: text } = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [kind, setKind] = useState<Kind>("token");
  const [draft, setDraft] = useState(EMPTY);
  const { prefix, user, token, key, knownHosts } = draft;
  const edit = (part: Partial<typeof EMPTY>) => setDraft({ ...draft, ...part });
  const create = useMutation({
    mutationFn: () =>
      client.createGitCredential(team, {
        prefix,
        kind,
        ...(kind === "token"
          ? { token, ...(user === "" ? {} : { user }) }
          : { ...(key.trim() === "" ? {} : { key }), ...(knownHosts.trim() === "" ? {} : { knownHosts }) }),
      }),
    onSuccess: () => {
      setDraft(EMPTY);
      return queryClient.invalidateQueries(gitCredentialsQuery(team));
    },
  });
  const complete = prefix !== "" && (kind === "ssh" || token !== "");
  const made = create.data?.publicKey;
  return (
    <form
      className="fields"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) create.mutate();
      }}
    >
      {create.isSuccess && (
        <Alert
          type="success"
          showIcon
          title={typeof made === "string" ? text.giveKey : text.kept}
          description={typeof made === "string" ? <Command>{made}</Command> : undefined}
        />
      )}
      <Choice
        label={text.kind}
        value={kind}
        options={(["token", "ssh"] as const).map((one) => [one, text.kinds[one]])}
        onChange={setKind}
      />
      <label htmlFor={`${id}-prefix`}>{text.prefix}</label>
      <Input
        id={`${id}-prefix`}
        value={prefix}
        maxLength={500}
        spellCheck={false}
        placeholder="github.com/acme"
        onChange={({ target }) => edit({ prefix: target.value.trim() })}
      />
      <p className="faint">{text.prefixHelp}</p>
      {kind === "token" ? <TokenFields id={id} draft={draft} onEdit={edit} /> : <KeyFields id={id} draft={draft} onEdit={edit} />}
      <Button type="primary" htmlType="submit" disabled={!complete} loading={create.isPending}>
        {text.add}
      </Button>
      <Refused of={create} />
    </form>
  );
}

interface FieldsProps {
  id: string;
  draft: typeof EMPTY;
  onEdit: (part: Partial<typeof EMPTY>) => void;
}

function TokenFields({ id, draft: { token, user }, onEdit }: FieldsProps) {
  const { gitAccess: text } = useText();
  return (
    <>
      <label htmlFor={`${id}-token`}>{text.token}</label>
      <Input.Password
        id={`${id}-token`}
        value={token}
        maxLength={4096}
        autoComplete="new-password"
        onChange={({ target }) => onEdit({ token: target.value.trim() })}
      />
      <label htmlFor={`${id}-user`}>{text.user}</label>
      <Input
        id={`${id}-user`}
        value={user}
        maxLength={200}
        spellCheck={false}
        onChange={({ target }) => onEdit({ user: target.value.trim() })}
      />
      <p className="faint">{text.userHelp}</p>
    </>
  );
}

function KeyFields({ id, draft: { key, knownHosts }, onEdit }: FieldsProps) {
  const { gitAccess: text } = useText();
  return (
    <>
      <label htmlFor={`${id}-key`}>{text.key}</label>
      <Input.TextArea id={`${id}-key`} value={key} rows={3} spellCheck={false} onChange={({ target }) => onEdit({ key: target.value })} />
      <p className="faint">{text.keyHelp}</p>
      <label htmlFor={`${id}-hosts`}>{text.knownHosts}</label>
      <Input.TextArea
        id={`${id}-hosts`}
        value={knownHosts}
        rows={2}
        spellCheck={false}
        onChange={({ target }) => onEdit({ knownHosts: target.value })}
      />
      <p className="faint">{text.knownHostsHelp}</p>
    </>
  );
}
