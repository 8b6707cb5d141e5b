import { useText } from "../i18n/language.tsx";
import { Command } from "../ui/copy.tsx";
import { codeRefused } from "../api/session.ts";

/** There is no session: how to get one. There is nothing to type here on purpose: a page that asks for a token teaches people to paste it. */
export function SignIn() {
  const text = useText();
  return (
    <div className="sign-in">
      <title>{`${text.signIn.title} · Ebb`}</title>
      <h1>{text.signIn.title}</h1>
      <p>{codeRefused() ? text.signIn.refused : text.signIn.intro}</p>
      <Command>ebb open console</Command>
      <p className="faint">{text.signIn.remote}</p>
    </div>
  );
}
