import { useMutation } from "@tanstack/react-query";
import type { Place, SecretList } from "@ebb/api";
import Button from "antd/es/button";
import Input from "antd/es/input";
import Popconfirm from "antd/es/popconfirm";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";
import { ENV_NAME } from "./env-draft.ts";

/** Secrets can be given, replaced and removed, never read: a value leaves this form only towards the platform. */
export function SecretEditor({ place, secrets }: { place: Place; secrets: SecretList["items"] }) {
  const text = useText();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const patch = useMutation({
    mutationFn: (changes: Record<string, string | null>) => client.patchSecrets(place, { secrets: changes }),
    onSuccess: () => {
      setName("");
      setValue("");
    },
  });
  const known = secrets.some((secret) => secret.name === name);
  const badName = name !== "" && !ENV_NAME.test(name);
  return (
    <>
      <p className="faint">{text.config.secretsIntro}</p>
      {secrets.length === 0 ? (
        <Blank>{text.config.secretsEmpty}</Blank>
      ) : (
        <ul className="rows">
          {secrets.map((secret) => (
            <li key={secret.name} className="secret-row">
              <code>{secret.name}</code>
              <span className="faint">
                {text.common.updated} <Ago at={secret.updatedAt} />
              </span>
              <span>
                <Button size="small" aria-label={`${text.config.replace}: ${secret.name}`} onClick={() => setName(secret.name)}>
                  {text.config.replace}
                </Button>{" "}
                <Popconfirm
                  title={text.config.removeSecret(secret.name)}
                  description={text.config.removeSecretText}
                  okText={text.common.remove}
                  cancelText={text.common.cancel}
                  onConfirm={() => patch.mutate({ [secret.name]: null })}
                >
                  <Button size="small" danger aria-label={`${text.common.remove}: ${secret.name}`}>
                    {text.common.remove}
                  </Button>
                </Popconfirm>
              </span>
            </li>
          ))}
        </ul>
      )}
      <form
        className="env-row secret-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "" && !badName && value !== "") patch.mutate({ [name]: value });
        }}
      >
        <Input
          value={name}
          placeholder={text.config.name}
          aria-label={text.config.name}
          status={badName ? "error" : ""}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setName(event.target.value.trim())}
        />
        <Input.Password
          value={value}
          placeholder={text.config.newValue}
          aria-label={text.config.newValue}
          autoComplete="new-password"
          onChange={(event) => setValue(event.target.value)}
        />
        <Button htmlType="submit" loading={patch.isPending} disabled={name === "" || badName || value === ""}>
          {known ? text.config.replace : text.config.addSecret}
        </Button>
        {badName && <div className="bad-text">{text.config.badName}</div>}
      </form>
      {patch.isError && <ProblemNote error={patch.error} title={text.problem.refused} />}
      {patch.isSuccess && <OperationProgress id={patch.data.id} />}
    </>
  );
}
