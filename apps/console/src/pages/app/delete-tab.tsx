import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { usePlace } from "./use-place.ts";

export function DeleteTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const navigate = useNavigate();
  const field = useId();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: (everywhere: boolean) => (everywhere ? client.deleteApp(app) : client.deleteAppEnvironment(place)),
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
  });
  return (
    <>
      <title>{`${text.app.danger} · ${app} · Ebb`}</title>
      <Panel title={text.danger.title}>
        <p>{text.danger.text(app)}</p>
        <form
          className="delete-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === app) remove.mutate(false);
          }}
        >
          <label htmlFor={field}>{text.danger.type(app)}</label>
          <Input id={field} value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
          <Button danger htmlType="submit" disabled={typed !== app} loading={remove.isPending}>
            {text.danger.buttonIn(place.env)}
          </Button>
          <Button type="primary" danger disabled={typed !== app} loading={remove.isPending} onClick={() => remove.mutate(true)}>
            {text.danger.button}
          </Button>
        </form>
        {remove.isError && <ProblemNote error={remove.error} title={text.problem.refused} />}
      </Panel>
    </>
  );
}
