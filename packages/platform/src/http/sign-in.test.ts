import { expect, test } from "vitest";
import { openPlatformHttp, type Call } from "../testing/http.ts";

const PASSWORD = "tide goes out slowly";
const MINUTE = 60_000;

async function withAnn() {
  const http = await openPlatformHttp();
  const { code } = (await (await http.owner("POST", "/users", { name: "ann" })).json()) as { code: string };
  const ann = http.browser();
  expect((await ann("POST", "/session/password", { code, password: PASSWORD })).status).toBe(204);
  return { ...http, ann, code };
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const nameOf = async (call: Call) => ((await (await call("GET", "/me")).json()) as { name: string }).name;

test("an invited user chooses a password, is signed in by it, and signs in again with it; the link works once", async () => {
  const { ann, browser, code } = await withAnn();
  expect(await nameOf(ann)).toBe("ann");
  const again = browser();
  expect((await again("POST", "/session/password", { code, password: "another sentence" })).status).toBe(401);
  expect((await again("POST", "/session", { user: "ANN", password: PASSWORD })).status).toBe(204);
  expect(await nameOf(again)).toBe("ann");
  expect((await again("DELETE", "/session")).status).toBe(204);
  expect((await again("GET", "/me")).status).toBe(401);
});

test("a name that nobody has, a wrong password, a user without one and a disabled one are answered alike", async () => {
  const { owner, browser } = await withAnn();
  await owner("POST", "/users", { name: "bob" });
  const answers = [];
  for (const user of ["nobody", "ann", "bob"]) {
    const response = await browser()("POST", "/session", { user, password: "not the password" });
    answers.push(`${response.status} ${await response.text()}`);
  }
  await owner("PATCH", "/users/ann", { disabled: true });
  const disabled = await browser()("POST", "/session", { user: "ann", password: PASSWORD });
  answers.push(`${disabled.status} ${await disabled.text()}`);
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain("wrong_password");
});

test("guesses are refused after twenty a minute from an address, also many at once, and a name after thirty in a quarter of an hour", async () => {
  const { browser, clock } = await withAnn();
  const guess = async () => (await browser()("POST", "/session", { user: "nobody", password: "x" })).status;
  const statuses = await Promise.all(Array.from({ length: 25 }, guess));
  expect(statuses.filter((status) => status === 401).length).toBe(20);
  expect(statuses.filter((status) => status === 429).length).toBe(5);
  expect((await browser()("POST", "/session", { user: "ann", password: PASSWORD })).status).toBe(429);
  await clock.advance(MINUTE);
  expect((await browser()("POST", "/session", { user: "ann", password: PASSWORD })).status).toBe(204);
  await Promise.all(Array.from({ length: 15 }, guess));
  await clock.advance(MINUTE);
  expect(await guess()).toBe(429);
  await clock.advance(15 * MINUTE);
  expect(await guess()).toBe(401);
});

test("sign-in is taken from the console's own pages only, and so are changes with its cookie", async () => {
  const { browser, ann } = await withAnn();
  const evil = { origin: "http://evil.example" };
  expect(await codeOf(await browser()("POST", "/session", { user: "ann", password: PASSWORD }, evil))).toBe("forbidden_origin");
  expect(await codeOf(await ann("DELETE", "/session", undefined, evil))).toBe("forbidden_origin");
});

test("whoever changes a password knows the old one; the others' sessions end", async () => {
  const { ann, browser } = await withAnn();
  const other = browser();
  await other("POST", "/session", { user: "ann", password: PASSWORD });
  expect(await codeOf(await ann("PUT", "/me/password", { password: "a new sentence here" }))).toBe("wrong_password");
  expect(await codeOf(await ann("PUT", "/me/password", { current: PASSWORD, password: "password1" }))).toBe("weak_password");
  expect((await ann("PUT", "/me/password", { current: PASSWORD, password: "a new sentence here" })).status).toBe(204);
  expect(await nameOf(ann)).toBe("ann");
  expect((await other("GET", "/me")).status).toBe(401);
  expect((await browser()("POST", "/session", { user: "ann", password: PASSWORD })).status).toBe(401);
});

test("sessions are listed, revoked one by one, and end with the user and with time", async () => {
  const { ann, browser, owner, clock } = await withAnn();
  const other = browser();
  await other("POST", "/session", { user: "ann", password: PASSWORD });
  const list = async () => ((await (await ann("GET", "/sessions")).json()) as { items: { id: string; current: boolean }[] }).items;
  const foreign = (await list()).find((session) => !session.current);
  expect((await list()).length).toBe(2);
  expect((await owner("DELETE", `/sessions/${foreign?.id}`)).status).toBe(404);
  expect((await ann("DELETE", `/sessions/${foreign?.id}`)).status).toBe(204);
  expect((await other("GET", "/me")).status).toBe(401);
  await owner("PATCH", "/users/ann", { disabled: true });
  expect((await ann("GET", "/me")).status).toBe(401);
  await owner("PATCH", "/users/ann", { disabled: false });
  await ann("POST", "/session", { user: "ann", password: PASSWORD });
  expect(await nameOf(ann)).toBe("ann");
  await clock.advance(13 * 60 * MINUTE);
  expect((await ann("GET", "/me")).status).toBe(401);
});

test("a token is shown once, works within its scope, team and time, and not after it is revoked", async () => {
  const { ann, bearer, owner, clock, database } = await withAnn();
  await owner("PUT", "/teams/default/members/ann", { role: "admin" });
  const create = async (body: object) => (await (await ann("POST", "/tokens", body)).json()) as { token: string; about: { id: string } };
  const { token, about } = await create({ name: "laptop", scope: "read", days: 1 });
  const rows = JSON.stringify(await database.selectFrom("tokens").selectAll().execute());
  const trail = JSON.stringify(await database.selectFrom("audit").selectAll().execute());
  expect(`${rows}${trail}`).not.toContain(token);
  const reader = bearer(token);
  expect(await (await reader("GET", "/me")).json()).toMatchObject({
    name: "ann",
    scope: "read",
    teams: [{ team: "default", role: "viewer" }],
  });
  expect(await codeOf(await reader("PUT", "/teams/default/members/ann", { role: "viewer" }))).toBe("forbidden");
  expect(await codeOf(await reader("POST", "/tokens", { name: "wider", scope: "admin" }))).toBe("forbidden");
  const listed = (await (await ann("GET", "/tokens")).json()) as { items: { lastUsedAt: string | null }[] };
  expect(listed.items[0]?.lastUsedAt).toBe("2026-01-01T00:00:00.000Z");
  await clock.advance(25 * 60 * MINUTE);
  expect((await reader("GET", "/me")).status).toBe(401);
  const machine = await openSession(ann).then(() => create({ name: "ci", kind: "machine", scope: "deploy", team: "default" }));
  const ci = bearer(machine.token);
  expect(await (await ci("GET", "/me")).json()).toMatchObject({ name: "machine:ci", kind: "machine", teams: [{ role: "developer" }] });
  expect((await ann("DELETE", `/tokens/${machine.about.id}`)).status).toBe(204);
  expect((await ci("GET", "/me")).status).toBe(401);
  expect((await ann("DELETE", `/tokens/${about.id}`)).status).toBe(204);
});

const openSession = (ann: Call) => ann("POST", "/session", { user: "ann", password: PASSWORD });

test("a member without the role admin makes no machine token, and sees and revokes nobody else's", async () => {
  const { ann, owner } = await withAnn();
  expect(await codeOf(await ann("POST", "/tokens", { name: "ci", kind: "machine", scope: "read", team: "default" }))).toBe(
    "team_not_found",
  );
  await owner("PUT", "/teams/default/members/ann", { role: "releaser" });
  expect(await codeOf(await ann("POST", "/tokens", { name: "ci", kind: "machine", scope: "read", team: "default" }))).toBe("forbidden");
  const made = (await (await owner("POST", "/tokens", { name: "own", scope: "admin" })).json()) as { about: { id: string } };
  expect(await (await ann("GET", "/tokens")).json()).toEqual({ items: [] });
  expect(await codeOf(await ann("DELETE", `/tokens/${made.about.id}`))).toBe("token_not_found");
});

test("a command line is let in by who confirms its code, once", async () => {
  const { ann, browser, bearer, clock } = await withAnn();
  const anonymous = browser();
  const start = async () =>
    (await (await anonymous("POST", "/session/device", { name: "laptop" })).json()) as { deviceCode: string; userCode: string };
  const { deviceCode, userCode } = await start();
  const poll = () => anonymous("POST", "/session/device/token", { deviceCode });
  expect(await (await poll()).json()).toEqual({ token: null });
  expect(await (await ann("GET", `/session/device/${userCode}`)).json()).toMatchObject({ name: "laptop", address: "127.0.0.1" });
  expect((await anonymous("POST", "/session/device/confirm", { userCode })).status).toBe(401);
  expect((await ann("POST", "/session/device/confirm", { userCode: userCode.toLowerCase() })).status).toBe(204);
  expect((await ann("POST", "/session/device/confirm", { userCode })).status).toBe(401);
  const { token } = (await (await poll()).json()) as { token: string };
  expect(await nameOf(bearer(token))).toBe("ann");
  expect((await poll()).status).toBe(401);
  const late = await start();
  await clock.advance(11 * MINUTE);
  expect((await anonymous("POST", "/session/device/token", { deviceCode: late.deviceCode })).status).toBe(401);
});

test("each change has a row with who, from where and what, and none has a secret; the trail verifies and tells of an edit", async () => {
  const { owner, ann, database, code } = await withAnn();
  await owner("PUT", "/teams/default/members/ann", { role: "admin" });
  const trail = (await (await owner("GET", "/audit")).json()) as {
    items: { action: string; actor: string; address: string; object: string }[];
  };
  expect(trail.items.map(({ action, actor, object }) => `${actor} ${action} ${object}`)).toEqual([
    "admin member.set team/default/member/ann",
    "ann session.opened user/ann",
    "ann user.password-set user/ann",
    "admin user.password-link user/ann",
    "admin user.created user/ann",
  ]);
  expect(trail.items.every(({ address }) => address === "127.0.0.1")).toBe(true);
  expect(JSON.stringify(trail)).not.toContain(code);
  expect(JSON.stringify(trail)).not.toContain(PASSWORD);
  // A team's administrator sees the team's rows, and the platform's own are not theirs.
  const own = (await (await ann("GET", "/audit")).json()) as { items: { action: string }[] };
  expect(own.items.map(({ action }) => action)).toEqual(["member.set"]);
  expect(await codeOf(await ann("GET", "/audit/verification"))).toBe("forbidden");
  const page = (await (await owner("GET", "/audit?limit=2")).json()) as { items: unknown[]; next: string };
  const rest = (await (await owner("GET", `/audit?cursor=${page.next}`)).json()) as { items: unknown[]; next: null };
  expect([page.items.length, rest.items.length, rest.next]).toEqual([2, 3, null]);
  const exported = (await (await owner("GET", "/audit/export")).text()).trim().split("\n");
  expect(exported.length).toBe(5);
  const verification = async () =>
    (await (await owner("GET", "/audit/verification")).json()) as { rows: number; breach: { seq: number } | null };
  expect(await verification()).toMatchObject({ rows: 5, breach: null });
  await database.updateTable("audit").set({ actor: "bob" }).where("seq", "=", 3).execute();
  expect(await verification()).toMatchObject({ breach: { seq: 3, message: "row 3 was edited" } });
});
