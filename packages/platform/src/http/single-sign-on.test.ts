import { expect, test } from "vitest";
import { parseSignInConfig, type SignInConfig } from "../identity/sign-in-config.ts";
import { openPlatformHttp, type Call } from "../testing/http.ts";
import { startOidcProvider } from "../testing/oidc-provider.ts";

const RULES = [
  { group: "devs", team: "default", role: "developer" },
  { group: "leads", team: "default", role: "admin" },
  { group: "it", platformAdmin: true },
] as const;

async function setUp() {
  const publicUrl = "https://ebb.example.com";
  const provider = await startOidcProvider("ebb", "the-secret", `${publicUrl}/api/v1/session/oidc/callback`);
  const signIn: SignInConfig = {
    publicUrl,
    singleSignOn: { label: "Company", issuer: provider.issuer, clientId: "ebb", clientSecret: "the-secret", roles: [...RULES] },
  };
  const http = await openPlatformHttp({}, signIn);
  const path = (url: string) => url.slice(`${publicUrl}/api/v1`.length);
  const enter = async (subject: string, browser: Call = http.browser(), returnTo = "/") => {
    const start = await browser("GET", `/session/oidc?returnTo=${encodeURIComponent(returnTo)}`);
    const back = await provider.signIn(start.headers.get("location") ?? "", subject);
    const done = await browser("GET", path(back));
    return { browser, back: path(back), to: done.headers.get("location") ?? "", start: start.headers.get("location") ?? "" };
  };
  return { ...http, provider, enter };
}

const me = async (call: Call) => (await (await call("GET", "/me")).json()) as { name: string; platformAdmin: boolean; teams: unknown[] };

test("the provider's users come in with the roles of their groups, which follow them at each sign-in; their names are nobody else's", async () => {
  const { provider, enter, owner } = await setUp();
  expect(await (await owner("GET", "/session/ways")).json()).toEqual({ password: true, singleSignOn: { label: "Company" } });
  provider.people.set("s1", { preferred_username: "Anna Smith", name: "Anna Smith", email: "anna@example.com", groups: ["devs", "leads"] });
  const { browser, to, start } = await enter("s1", undefined, "/apps/hello");
  expect(to).toBe("/apps/hello");
  expect(start).toMatch(/code_challenge=.+&code_challenge_method=S256&state=.+&nonce=/);
  expect(await me(browser)).toMatchObject({ name: "anna-smith", platformAdmin: false, teams: [{ team: "default", role: "admin" }] });
  provider.people.set("s1", { preferred_username: "Anna Smith", groups: ["it"] });
  expect(await me((await enter("s1")).browser)).toMatchObject({ name: "anna-smith", platformAdmin: true, teams: [] });
  // Whoever finds this browser open cannot stay in with a password of their own.
  expect((await browser("PUT", "/me/password", { password: "a sentence of mine" })).status).toBe(403);
  provider.people.set("s1", { groups: [] });
  expect(await me((await enter("s1")).browser)).toMatchObject({ name: "anna-smith", platformAdmin: false, teams: [] });
  // Whoever is called like a user of here at the provider does not become that user.
  provider.people.set("s2", { preferred_username: "admin", groups: ["devs"] });
  expect(await me((await enter("s2")).browser)).toMatchObject({ name: "admin-2", platformAdmin: false });
  const trail = (await (await owner("GET", "/audit?object=user/anna-smith")).json()) as { items: { action: string; actor: string }[] };
  expect(trail.items.map(({ action }) => action).reverse()).toEqual([
    "user.created",
    "member.synced",
    "session.opened",
    "member.synced",
    "user.changed",
    "session.opened",
    "user.changed",
    "session.opened",
  ]);
});

test("a sign-in ends only in the browser that began it, once, in time, and never on another site's page", async () => {
  const { provider, enter, browser, clock, owner } = await setUp();
  provider.people.set("s1", { preferred_username: "anna" });
  const first = await enter("s1", undefined, "https://evil.example/");
  expect(first.to).toBe("/");
  const refused = "/?refused=single_sign_on_failed";
  expect((await first.browser("GET", first.back)).headers.get("location")).toBe(refused);
  const victim = browser();
  const begun = await browser()("GET", "/session/oidc");
  const back = await provider.signIn(begun.headers.get("location") ?? "", "s1");
  expect((await victim("GET", back.slice(back.indexOf("/session/")))).headers.get("location")).toBe(refused);
  expect((await victim("GET", "/me")).status).toBe(401);
  const late = browser();
  const slow = await late("GET", "/session/oidc");
  const slowBack = await provider.signIn(slow.headers.get("location") ?? "", "s1");
  await clock.advance(11 * 60_000);
  expect((await late("GET", slowBack.slice(slowBack.indexOf("/session/")))).headers.get("location")).toBe(refused);
  await owner("PATCH", "/users/anna", { disabled: true });
  expect((await enter("s1")).to).toBe(refused);
});

test("where passwords are off, none is taken or set, and the way out for the owner stays", async () => {
  const { owner, browser } = await openPlatformHttp({}, { passwords: false });
  expect(await (await owner("GET", "/session/ways")).json()).toEqual({ password: false, singleSignOn: null });
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
  const { code } = (await (await owner("POST", "/users", { name: "ann" })).json()) as { code: string };
  expect(await codeOf(await browser()("POST", "/session/password", { code, password: "tide goes out slowly" }))).toBe("passwords_off");
  expect(await codeOf(await browser()("POST", "/session", { user: "ann", password: "x" }))).toBe("passwords_off");
  expect(await codeOf(await owner("PUT", "/me/password", { password: "tide goes out slowly" }))).toBe("passwords_off");
  const link = (await (await owner("POST", "/session/codes")).json()) as { code: string };
  expect((await browser()("POST", "/session", { code: link.code })).status).toBe(204);
});

test("the configuration is refused with the field and without its value", () => {
  const provider = { issuer: "https://id.example.com", clientId: "ebb", clientSecret: "s3cret" };
  expect(parseSignInConfig({ publicUrl: "https://ebb.example.com", singleSignOn: provider })).toBeTruthy();
  expect(() => parseSignInConfig({ singleSignOn: { ...provider, issuer: "http://id.example.com" } })).toThrow("must be https");
  expect(() => parseSignInConfig({ singleSignOn: { ...provider, clientSecret: 5 } })).toThrow("singleSignOn.clientSecret");
  expect(() => parseSignInConfig({ publicUrl: "https://ebb.example.com/path" })).toThrow("publicUrl");
});
