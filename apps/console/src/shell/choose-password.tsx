import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState, type SubmitEvent } from "react";
import { client } from "../api/connection.ts";
import { leaveInvite } from "../api/session.ts";
import { useText } from "../i18n/language.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** Whoever was sent a link chooses a password by it, and is signed in. `onDone`: the console opens. */
export function ChoosePassword({ invite, onDone }: { invite: string; onDone: () => void }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const whose = useQuery({ queryKey: ["invite"], queryFn: () => client.whoseInvite(invite), retry: false });
  const leave = () => {
    leaveInvite();
    onDone();
  };
  const choose = useMutation({
    mutationFn: () => client.acceptInvite({ code: invite, password }),
    onSuccess: async () => {
      leave();
      await queryClient.resetQueries();
    },
  });
  const differs = again !== "" && again !== password;
  const ready = password !== "" && again === password;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (ready) choose.mutate();
  };
  return (
    <div className="sign-in">
      <title>{`${text.signIn.choose} · Ebb`}</title>
      <h1>{text.signIn.choose}</h1>
      {whose.isError && (
        <Alert type="warning" showIcon title={text.signIn.inviteRefused} action={<Button onClick={leave}>{text.signIn.title}</Button>} />
      )}
      {whose.data && (
        <form className="fields" onSubmit={submit}>
          <p>{text.signIn.chooseFor(whose.data.user)}</p>
          <input type="hidden" autoComplete="username" value={whose.data.user} readOnly />
          <label htmlFor={`${id}-new`}>{text.signIn.password}</label>
          <Input.Password
            id={`${id}-new`}
            value={password}
            autoComplete="new-password"
            onChange={(event) => setPassword(event.target.value)}
          />
          <p className="faint">{text.signIn.rule}</p>
          <label htmlFor={`${id}-again`}>{text.signIn.again}</label>
          <Input.Password
            id={`${id}-again`}
            value={again}
            status={differs ? "error" : ""}
            autoComplete="new-password"
            onChange={(event) => setAgain(event.target.value)}
          />
          {differs && <p className="bad-text">{text.signIn.differs}</p>}
          <Button type="primary" htmlType="submit" disabled={!ready} loading={choose.isPending}>
            {text.signIn.chooseButton}
          </Button>
          {choose.isError && <ProblemNote error={choose.error} title={text.problem.refused} />}
        </form>
      )}
    </div>
  );
}
