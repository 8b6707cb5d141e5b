import type { Repository } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { client } from "../../../api/connection.ts";
import { keys } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Command } from "../../../ui/copy.tsx";
import { Panel } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { Ago } from "../../../ui/time.tsx";

/** What the Git server has to be given, so that pushes are taken. */
export function WebhookPanel({ repository, readOnly }: { repository: Repository; readOnly: boolean }) {
  const text = useText();
  const queryClient = useQueryClient();
  const { app, hookUrl, hookSince } = repository;
  const again = () => queryClient.invalidateQueries({ queryKey: keys.app(app) });
  const renew = useMutation({ mutationFn: () => client.createRepositoryHook(app), onSuccess: again });
  const unlink = useMutation({ mutationFn: () => client.deleteRepository(app), onSuccess: again });
  return (
    <Panel title={text.git.hook}>
      {renew.isSuccess && (
        <Alert type="success" showIcon title={text.git.secretOnce} description={<Command>{renew.data.secret}</Command>} />
      )}
      <p>{text.git.hookText}</p>
      <Command>{hookUrl}</Command>
      <p className={hookSince === null ? "warn" : "faint"}>
        {hookSince === null ? (
          text.git.noSecret
        ) : (
          <>
            {text.git.secretSince} <Ago at={hookSince} />
          </>
        )}
      </p>
      {!readOnly && (
        <div className="form-actions">
          {hookSince === null ? (
            <Button type="primary" loading={renew.isPending} onClick={() => renew.mutate()}>
              {text.git.newSecret}
            </Button>
          ) : (
            <Confirm title={text.git.newSecretConfirm} okText={text.git.newSecret} onConfirm={() => renew.mutate()}>
              <Button loading={renew.isPending}>{text.git.newSecret}</Button>
            </Confirm>
          )}
          <Confirm title={text.git.unlinkText} okText={text.git.unlink} onConfirm={() => unlink.mutate()}>
            <Button danger loading={unlink.isPending}>
              {text.git.unlink}
            </Button>
          </Confirm>
        </div>
      )}
      <Refused of={renew} />
      <Refused of={unlink} />
    </Panel>
  );
}
