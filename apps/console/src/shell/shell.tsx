import { Link, Outlet } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { useConnection } from "../api/connection.ts";
import { useLiveUpdates } from "../api/live.ts";
import { useText } from "../i18n/language.tsx";
import { Preferences } from "./preferences.tsx";
import { SignIn } from "./sign-in.tsx";

/** What is around every page. Without a session there are no pages, only the way to get one. */
export function Shell() {
  const text = useText();
  const connection = useConnection();
  useLiveUpdates(connection !== "signed-out");
  const signedOut = connection === "signed-out";
  return (
    <>
      <a className="skip" href="#content">
        {text.nav.skip}
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Ebb">
          <img src="/icon.svg" alt="" width={24} height={24} />
          <span>Ebb</span>
        </Link>
        {!signedOut && (
          <nav aria-label={text.nav.main}>
            <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
              {text.nav.apps}
            </Link>
            <Link to="/operations">{text.nav.operations}</Link>
            <Link to="/status">{text.nav.platform}</Link>
          </nav>
        )}
        <Preferences />
      </header>
      <main id="content" tabIndex={-1}>
        {connection === "unreachable" && <Alert type="warning" banner title={text.problem.unreachable} className="unreachable" />}
        {signedOut ? <SignIn /> : <Outlet />}
      </main>
    </>
  );
}
