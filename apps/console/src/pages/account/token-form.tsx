import type { TokenScope } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { tokensQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Command } from "../../ui/copy.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Select } from "../../ui/select.tsx";

/** As CreateToken has it. */
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9._ ]{0,62}[A-Za-z0-9])?$/;
const SCOPES: readonly TokenScope[] = ["read", "deploy", "release", "admin"];
const USUAL_DAYS = 90;

/** Makes a token; the answer is the only place where it can be read. */
export function TokenForm() {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<TokenScope>("deploy");
  const [days, setDays] = useState<number | null>(USUAL_DAYS);
  const create = useMutation({
    mutationFn: () => client.createToken({ name, scope, days: days ?? USUAL_DAYS }),
    onSuccess: () => {
      setName("");
      return queryClient.invalidateQueries(tokensQuery);
    },
  });
  const bad = name !== "" && !NAME.test(name);
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (NAME.test(name)) create.mutate();
      }}
    >
      {create.isSuccess && <Alert type="success" showIcon title={text.account.once} description={<Command>{create.data.token}</Command>} />}
      <label htmlFor={`${id}-name`}>{text.account.name}</label>
      <Input id={`${id}-name`} value={name} status={bad ? "error" : ""} onChange={(event) => setName(event.target.value)} />
      {bad && <p className="bad-text">{text.account.badName}</p>}
      <label htmlFor={`${id}-scope`}>{text.account.scope}</label>
      <Select
        id={`${id}-scope`}
        className="wide-select"
        value={scope}
        options={SCOPES.map((value) => ({ value, label: text.account.scopes[value] }))}
        onChange={setScope}
      />
      <label htmlFor={`${id}-days`}>{text.account.days}</label>
      <InputNumber<number> id={`${id}-days`} min={0} max={3650} precision={0} value={days} onChange={setDays} />
      <p className="faint">{text.account.daysHelp}</p>
      <Button type="primary" htmlType="submit" disabled={!NAME.test(name)} loading={create.isPending}>
        {text.account.create}
      </Button>
      {create.isError && <ProblemNote error={create.error} title={text.problem.refused} />}
    </form>
  );
}
