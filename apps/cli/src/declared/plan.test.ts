import type { Declared, DeclaredApp, DeclaredEnvironment, MemberRole } from "@ebb/api";
import fc from "fast-check";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readDeclared, writeDeclared } from "./files.ts";
import { planOf, type Step, type VariablesPatch } from "./plan.ts";

const EMPTY: Declared = { team: { team: "default", description: "", previewLimit: 10, members: {} }, environments: [], apps: [] };
const NONE = { strategies: null, min: null, max: null, idle: null };

const name = fc.constantFrom("a", "b", "cart", "shop", "x-1");
const words = fc.string({ maxLength: 30, unit: "grapheme" });
const variables = fc.dictionary(fc.constantFrom("A", "B_2", "c"), fc.option(words));
const environment = name.chain((each): fc.Arbitrary<DeclaredEnvironment> =>
  fc.record({
    name: fc.constant(each),
    template: fc.constant("test" as const),
    hostSuffix: fc.constant(`-${each}`),
    variables,
    order: fc.nat(100),
    warm: fc.boolean(),
    scaling: fc.record({ min: fc.nat(3), max: fc.nat(3), idleSeconds: fc.constantFrom(null, 6, 60) }),
    approvals: fc.nat(2),
    rollbacksWait: fc.boolean(),
    freezes: fc.array(fc.record({ why: fc.constant("x"), from: fc.constant("2026-01-01T00:00Z"), to: fc.constant("2026-02-01T00:00Z") })),
    schedule: fc.constantFrom(null, { timeZone: "UTC", sleep: ["0 20 * * *"], wake: ["0 7 * * *"], onRequest: "wake" as const }),
  }),
);
const place = fc.record({
  host: fc.constantFrom(null, "store"),
  variables,
  scaling: fc.record({ ...Object.fromEntries(Object.keys(NONE).map((key) => [key, fc.constant(null)])), min: fc.constantFrom(null, 1, 2) }),
  rules: fc.constant<never[]>([]),
  guard: fc.record({
    deny: fc.array(fc.record({ address: fc.constantFrom("203.0.113.7", "2001:db8::/32") }), { maxLength: 2 }),
    rateLimits: fc.array(
      fc.record({ requests: fc.nat(9).map((n) => n + 1), perSeconds: fc.constant(60), by: fc.constant("client" as const) }),
      {
        maxLength: 1,
      },
    ),
    affinity: fc.constantFrom(null, { cookie: "ebb-affinity", seconds: 60 }),
  }),
  secrets: fc.constant<string[]>([]),
  domains: fc.dictionary(
    fc.constantFrom("www.example.com", "shop.example.com"),
    fc.record({ certificate: fc.constantFrom("acme" as const, "none" as const), redirect: fc.boolean() }),
  ),
});
const git: fc.Arbitrary<NonNullable<DeclaredApp["git"]> | null> = fc.option(
  fc.record({
    url: fc.constantFrom("https://git.example/acme/shop.git", "ssh://git@git.example/acme/shop"),
    folder: fc.constantFrom("", "services/api", ".github"),
    rules: fc.array(fc.record({ branch: fc.constantFrom("main", "release/*"), environment: fc.constantFrom("a", "b") }), {
      maxLength: 2,
    }),
    previewHours: fc.constantFrom(null, 36),
  }),
  { nil: null },
);
const app = name.chain((each): fc.Arbitrary<DeclaredApp> =>
  fc.record({
    name: fc.constant(each),
    description: words,
    contacts: fc.array(words, { maxLength: 3 }),
    labels: fc.dictionary(fc.constantFrom("k", "tier"), words),
    dependsOn: fc.constant<string[]>([]),
    git,
    environments: fc.dictionary(fc.constantFrom("a", "b"), place),
  }),
);
const unique = <T extends { name: string }>(arbitrary: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(arbitrary, { selector: (each) => each.name, maxLength: 4 })
    .map((all) => all.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
/** As it comes from JSON or YAML: with usual prototypes. */
const team = fc
  .record({
    team: fc.record({
      team: fc.constant("default"),
      description: words,
      variables,
      previewLimit: fc.nat(100),
      members: fc.dictionary(fc.constantFrom("ann", "bob"), fc.constantFrom<MemberRole>("viewer", "developer", "releaser", "admin")),
    }),
    environments: unique(environment),
    apps: unique(app),
  })
  .map((state) => JSON.parse(JSON.stringify(state)) as Declared);

function patched(present: Record<string, string | null> = {}, { variables, inherit }: VariablesPatch): Record<string, string | null> {
  return Object.fromEntries(Object.entries({ ...present, ...variables }).filter(([key]) => !inherit.includes(key)));
}

/** What a platform makes of a step. */
function after(state: Declared, step: Step): Declared {
  const next = structuredClone(state);
  const found = <T extends { name: string }>(all: T[], wanted: string) => all.find((each) => each.name === wanted);
  const placeOf = (at: { app: string; env: string }) => {
    const owner = found(next.apps, at.app);
    if (!owner) throw new Error(`${step.what}: no app`);
    owner.environments ??= {};
    return (owner.environments[at.env] ??= { host: null, variables: {}, secrets: [], scaling: NONE, rules: [] });
  };
  const domainsOf = (at: { app: string; env: string }) => (placeOf(at).domains ??= {});
  switch (step.do) {
    case "add domain":
      domainsOf(step)[step.name] = { ...step.as };
      break;
    case "domain":
      domainsOf(step)[step.name] = { certificate: "none", redirect: true, ...domainsOf(step)[step.name], ...step.change };
      break;
    case "remove domain":
      delete domainsOf(step)[step.name];
      break;
    case "repository": {
      const owner = found(next.apps, step.app);
      if (owner) owner.git = step.git && { ...owner.git, ...step.git };
      break;
    }
    case "team":
      Object.assign(next.team, step.change);
      break;
    case "member":
      next.team.members ??= {};
      if (step.role === null) delete next.team.members[step.user];
      else next.team.members[step.user] = step.role;
      break;
    case "create environment":
      next.environments.push(structuredClone(step.environment));
      break;
    case "environment":
      Object.assign(found(next.environments, step.name) ?? {}, step.change);
      break;
    case "delete environment":
      next.environments = next.environments.filter((each) => each.name !== step.name);
      break;
    case "create app":
      next.apps.push({ name: step.name, dependsOn: [], environments: {}, ...structuredClone(step.about) });
      break;
    case "app":
      Object.assign(found(next.apps, step.name) ?? {}, step.change);
      break;
    case "delete app":
      next.apps = next.apps.filter((each) => each.name !== step.name);
      break;
    case "layer": {
      const holder = step.env === undefined ? next.team : found(next.environments, step.env);
      if (holder) holder.variables = patched(holder.variables, step.patch);
      break;
    }
    case "variables":
      placeOf(step).variables = patched(placeOf(step).variables, step.patch);
      break;
    case "host":
      placeOf(step).host = step.host;
      break;
    case "scaling":
      placeOf(step).scaling = { ...placeOf(step).scaling, ...step.scaling };
      break;
    case "guard":
      placeOf(step).guard = { ...placeOf(step).guard, ...step.guard };
      break;
    case "rules":
      placeOf(step).rules = step.rules;
  }
  return next;
}

describe("a plan", () => {
  test("of what is there already is empty", () => {
    fc.assert(
      fc.property(team, (state) => {
        expect(planOf(state, state, { prune: true })).toEqual({ steps: [], extra: [], notes: [] });
      }),
    );
  });

  test("that is carried out leaves nothing to do, with and without pruning, and one without pruning takes nothing away", () => {
    fc.assert(
      fc.property(team, team, fc.boolean(), (present, wanted, prune) => {
        const plan = planOf(present, wanted, { prune });
        const made = plan.steps.reduce(after, present);
        expect(planOf(made, wanted, { prune }).steps).toEqual([]);
        if (prune) expect(planOf(made, wanted, { prune }).extra).toEqual([]);
        else expect(made.apps.length).toBeGreaterThanOrEqual(present.apps.length);
      }),
    );
  });

  test("links apps after all of them are there, and never by way of a circle", () => {
    const apps = (links: Record<string, string[]>): Declared => ({
      ...EMPTY,
      apps: Object.entries(links).map(([each, dependsOn]) => ({ name: each, dependsOn })),
    });
    const steps = planOf(apps({ a: ["b"], b: [] }), apps({ a: [], b: ["a"], c: ["b"] }), { prune: false }).steps;
    expect(steps.map(({ what }) => what)).toEqual(["make the app c", "let a depend on nothing", "let b depend on a", "let c depend on b"]);
  });

  test("moves a domain from one app to another, and says what certificate nobody can take from a file", () => {
    const has = (owner: string, certificate: "acme" | "uploaded"): Declared => ({
      ...EMPTY,
      apps: ["a", "b"].map((each) => ({
        name: each,
        environments: { test: { domains: each === owner ? { "www.example.com": { certificate, redirect: true } } : {} } },
      })),
    });
    const plan = planOf(has("b", "acme"), has("a", "uploaded"), { prune: true });
    expect(plan.steps.map(({ what }) => what)).toEqual([
      "remove the domain www.example.com of b in test",
      "add the domain www.example.com to a in test",
    ]);
    expect(plan.notes).toEqual([expect.stringContaining("ebb domain cert www.example.com --cert FILE --key FILE")]);
    expect(planOf(has("b", "acme"), has("a", "acme"), { prune: false }).extra).toEqual(["the domain www.example.com of b in test"]);
  });

  test("says what stays, which secrets are wanting, and what cannot be changed", () => {
    const there: Declared = { ...EMPTY, environments: [{ name: "old", template: "test" }] };
    const wanted: Declared = { ...EMPTY, apps: [{ name: "shop", environments: { test: { secrets: ["KEY"] } } }] };
    expect(planOf(there, wanted, { prune: false })).toMatchObject({
      steps: [{ do: "create app" }],
      extra: ["the environment old"],
      notes: ["shop in test has no secret KEY yet: ebb secrets set shop KEY -e test"],
    });
    expect(planOf(there, wanted, { prune: true }).steps.at(-1)).toMatchObject({ do: "delete environment", name: "old" });
    const other: Declared = { ...EMPTY, environments: [{ name: "old", template: "prod" }] };
    expect(() => planOf(there, other, { prune: false })).toThrow("the template of the environment old cannot be changed from test to prod");
  });
});

describe("files", () => {
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), "ebb-declared-"));
    onTestFinished(() => rm(path, { recursive: true }));
    return path;
  };

  test("say in words what an address of a repository is to look like", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ebb-declared-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const git = { url: "git@git.example:acme/shop" };
    await writeDeclared(folder, { ...EMPTY, apps: [{ name: "shop", git }] });
    await expect(readDeclared(folder)).rejects.toThrow(/apps.shop\.yaml: \/git\/url must be: https:\/\/HOST\/PATH or ssh/);
  });

  test("give back what was written, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(team, async (state) => {
        const path = await mkdtemp(join(tmpdir(), "ebb-declared-"));
        try {
          await writeDeclared(path, state);
          expect(await readDeclared(path)).toEqual(state);
        } finally {
          await rm(path, { recursive: true });
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["team.yaml", "team: [", /team.yaml is no YAML/],
    ["team.yaml", "team: Default\n", /team.yaml: \/team/],
    ["apps/shop.yaml", "name: cart\n", /apps\/shop.yaml is about cart/],
    ["apps/shop.yaml", "name: shop\ncolour: red\n", /apps\/shop.yaml: \//],
    ["environments/prod.yaml", "name: prod\napprovals: 9\n", /environments\/prod.yaml: \/approvals/],
  ])("%s with %j is refused", async (file, text, message) => {
    const path = await folder();
    await writeDeclared(path, EMPTY);
    await writeFile(join(path, file), text);
    await expect(readDeclared(path)).rejects.toThrow(message);
  });
});
