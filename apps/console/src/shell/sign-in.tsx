import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@ebb/api/client";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState, type SubmitEvent } from "react";
import { client } from "../api/connection.ts";
import { openedWith } from "../api/session.ts";
import { useText } from "../i18n/language.tsx";
import { Command } from "../ui/copy.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** There is no session: the ways to get one that this platform offers. */
export function SignIn() {
  const text = useText();
  const ways = useQuery({ queryKey: ["sign-in-ways"], queryFn: () => client.signInWays() });
  const { refused } = openedWith();
  return (
    <div className="sign-in">
      <title>{`${text.signIn.title} · Ebb`}</title>
      <h1>{text.signIn.title}</h1>
      {refused !== null && <Alert type="warning" showIcon title={refused === "code" ? text.signIn.refused : text.signIn.ssoRefused} />}
      {ways.data?.singleSignOn && (
        <Button type="primary" block href={`/api/v1/session/oidc?returnTo=${encodeURIComponent(location.pathname + location.search)}`}>
          {text.signIn.with(ways.data.singleSignOn.label)}
        </Button>
      )}
      {ways.data?.password === true && ways.data.singleSignOn && <p className="faint or">{text.signIn.or}</p>}
      {ways.data?.password === true && <PasswordForm />}
      <p className="faint">{text.signIn.intro}</p>
      <Command>ebb open console</Command>
    </div>
  );
}

function PasswordForm() {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({ mutationFn: () => client.signIn(user, password), onSuccess: () => queryClient.resetQueries() });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (user !== "" && password !== "") signIn.mutate();
  };
  return (
    <form className="fields" onSubmit={submit}>
      <label htmlFor={`${id}-user`}>{text.signIn.user}</label>
      <Input
        id={`${id}-user`}
        value={user}
        autoComplete="username"
        spellCheck={false}
        onChange={(event) => setUser(event.target.value.trim())}
      />
      <label htmlFor={`${id}-password`}>{text.signIn.password}</label>
      <Input.Password
        id={`${id}-password`}
        value={password}
        autoComplete="current-password"
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button block type="primary" htmlType="submit" disabled={user === "" || password === ""} loading={signIn.isPending}>
        {text.signIn.button}
      </Button>
      {signIn.isError && <SignInProblem error={signIn.error} />}
    </form>
  );
}

function SignInProblem({ error }: { error: unknown }) {
  const text = useText();
  const wrong = error instanceof ApiError && error.problem.code === "wrong_password";
  return wrong ? <Alert type="error" showIcon title={text.signIn.wrong} /> : <ProblemNote error={error} title={text.problem.refused} />;
}
