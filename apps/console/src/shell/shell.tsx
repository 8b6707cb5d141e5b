import { Link, Outlet } from "@tanstack/react-router";
import UserOutlined from "@ant-design/icons/UserOutlined";
import { useQuery } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import { lazy, Suspense, useState } from "react";
import { openedWith } from "../api/session.ts";
import { useConnection } from "../api/connection.ts";
import { useLiveUpdates } from "../api/live.ts";
import { meQuery } from "../api/people-queries.ts";
import { useText } from "../i18n/language.tsx";
import { useCurrentInView } from "../ui/sections.tsx";
import { Find } from "./palette/find.tsx";
import { Preferences } from "./preferences.tsx";

const SignIn = lazy(async () => ({ default: (await import("./sign-in.tsx")).SignIn }));
const ChoosePassword = lazy(async () => ({ default: (await import("./choose-password.tsx")).ChoosePassword }));

/** Who one is, and the way to one's account. */
function Me() {
  const text = useText();
  const name = useQuery(meQuery).data?.name;
  return (
    <Link to="/account" className="me">
      <UserOutlined aria-hidden="true" />
      <span className="unseen">{text.account.nav} </span>
      {name !== undefined && <span className="me-name">{name}</span>}
    </Link>
  );
}

/** What is around every page. Without a session there are no pages, only the way to get one. */
export function Shell() {
  const text = useText();
  const connection = useConnection();
  const [invite, setInvite] = useState(openedWith().invite);
  const signedOut = connection === "signed-out" || invite !== null;
  useLiveUpdates(!signedOut);
  const nav = useCurrentInView();
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
          <nav ref={nav} aria-label={text.nav.main}>
            <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
              {text.nav.apps}
            </Link>
            <Link to="/operations">{text.nav.operations}</Link>
            <Link to="/teams">{text.teams.title}</Link>
            <Link to="/usage" activeOptions={{ includeSearch: false }}>
              {text.usage.nav}
            </Link>
            <Link to="/audit" activeOptions={{ includeSearch: false }}>
              {text.audit.nav}
            </Link>
            <Link to="/status">{text.nav.platform}</Link>
          </nav>
        )}
        {!signedOut && <Find />}
        {!signedOut && <Me />}
        <Preferences />
      </header>
      <main id="content" tabIndex={-1}>
        {connection === "unreachable" && <Alert type="warning" banner title={text.problem.unreachable} className="unreachable" />}
        {signedOut ? (
          <Suspense>{invite === null ? <SignIn /> : <ChoosePassword invite={invite} onDone={() => setInvite(null)} />}</Suspense>
        ) : (
          <Outlet />
        )}
      </main>
    </>
  );
}
