import { expect, test } from "vitest";
import { refuse } from "../errors.ts";
import { openPlatformHttp } from "../testing/http.ts";

const HOUR = 3_600_000;
const image = (name: string) => ({ name, image: "nginx" });

async function setUp() {
  let deployed = 0;
  let wait: Promise<void> | undefined;
  let broken = false;
  const http = await openPlatformHttp({
    deployImage: async () => {
      await wait;
      if (broken) throw new Error("a fault of ours");
      return { id: `o${++deployed}` } as never;
    },
    rollback: async () => {
      throw refuse("nothing_to_roll_back", "nothing");
    },
  });
  const post = (path: string, body: unknown, key: string) => http.owner("POST", path, body, { "idempotency-key": key });
  return {
    ...http,
    post,
    deployed: () => deployed,
    hold: (until: Promise<void>) => {
      wait = until;
    },
    break: (now: boolean) => (broken = now),
  };
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

test("the same request with the same key is done once, and answered alike; another one with it is refused", async () => {
  const { post, deployed, owner, clock, bearer, identity, database } = await setUp();
  const first = await post("/deployments", image("a"), "k1");
  const second = await post("/deployments", image("a"), "k1");
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.headers.get("location")).toBe(first.headers.get("location"));
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(await second.text()).toBe(await first.text());
  expect(await codeOf(await post("/deployments", image("b"), "k1"))).toBe("idempotency_key_reused");
  expect(await codeOf(await post("/deployments", image("a"), "with space"))).toBe("invalid_request");
  await owner("POST", "/deployments", image("a"));
  expect(deployed()).toBe(2);
  // Somebody else's key is another one.
  const { secret } = await identity.tokens.create({ userId: "owner", name: "t", kind: "personal", scope: "admin", team: null, days: null });
  await bearer(secret)("POST", "/deployments", image("a"), { "idempotency-key": "k1" });
  expect(deployed()).toBe(3);
  // The trail has what was done, once each.
  expect((await database.selectFrom("audit").select("seq").where("action", "like", "POST %").execute()).length).toBe(3);
  await clock.advance(25 * HOUR);
  await post("/deployments", image("a"), "k1");
  expect(deployed()).toBe(4);
});

test("a refusal is an answer too; a fault of ours is not, and may be tried again", async () => {
  const platform = await setUp();
  const { post, database } = platform;
  const app = { name: "a", team: "default", kind: "application", metadata_json: "{}", created_at: 0, updated_at: 0 } as const;
  await database.insertInto("apps").values(app).execute();
  expect(await codeOf(await post("/apps/a/environments/test/rollback", {}, "k2"))).toBe("nothing_to_roll_back");
  expect((await post("/apps/a/environments/test/rollback", {}, "k2")).headers.get("idempotency-replayed")).toBe("true");
  platform.break(true);
  expect((await post("/deployments", image("a"), "k3")).status).toBe(500);
  platform.break(false);
  expect((await post("/deployments", image("a"), "k3")).status).toBe(202);
});

test("while the first is being done the second is told so; one that was cut off may be sent again later", async () => {
  const platform = await setUp();
  const held = Promise.withResolvers<void>();
  platform.hold(held.promise);
  const first = platform.post("/deployments", image("a"), "k4");
  await expect.poll(() => platform.database.selectFrom("idempotency_keys").selectAll().execute()).toHaveLength(1);
  expect(await codeOf(await platform.post("/deployments", image("a"), "k4"))).toBe("idempotency_in_progress");
  held.resolve();
  expect((await first).status).toBe(202);
  await platform.database.updateTable("idempotency_keys").set({ status: null, answer_json: null }).execute();
  await platform.clock.advance(HOUR);
  expect((await platform.post("/deployments", image("a"), "k4")).status).toBe(202);
});

test("an answer with a secret is not kept", async () => {
  const { post, database } = await setUp();
  const { token } = (await (await post("/tokens", { name: "t", scope: "read" }, "k5")).json()) as { token: string };
  expect(await codeOf(await post("/tokens", { name: "t", scope: "read" }, "k5"))).toBe("idempotency_answer_secret");
  expect((await database.selectFrom("tokens").select("id").execute()).length).toBe(1);
  expect(JSON.stringify(await database.selectFrom("idempotency_keys").selectAll().execute())).not.toContain(token);
});
