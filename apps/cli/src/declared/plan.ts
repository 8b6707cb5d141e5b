import type {
  CreateEnvironment,
  Declared,
  DeclaredApp,
  DeclaredPlace,
  MemberRole,
  PatchApp,
  PatchDomain,
  PatchEnvironment,
  PatchTeam,
  Place,
} from "@ebb/api";
import { isDeepStrictEqual } from "node:util";
import { counted } from "../output/counted.ts";
import { Failure } from "../failure.ts";

/** One thing to do, in words (`what`) and as data. */
export type Step = { what: string } & (
  | { do: "team"; change: PatchTeam }
  | { do: "member"; user: string; role: MemberRole | null }
  | { do: "create environment"; environment: CreateEnvironment }
  | { do: "environment"; name: string; change: PatchEnvironment }
  | { do: "delete environment"; name: string }
  | { do: "create app"; name: string; about: PatchApp }
  | { do: "app"; name: string; change: PatchApp }
  | { do: "delete app"; name: string }
  | { do: "repository"; app: string; git: NonNullable<DeclaredApp["git"]> | null }
  | { do: "layer"; env: string | undefined; patch: VariablesPatch }
  | { do: "variables"; app: string; env: string; patch: VariablesPatch }
  | { do: "host"; app: string; env: string; host: string | null }
  | { do: "scaling"; app: string; env: string; scaling: NonNullable<DeclaredPlace["scaling"]> }
  | { do: "rules"; app: string; env: string; rules: NonNullable<DeclaredPlace["rules"]> }
  | { do: "guard"; app: string; env: string; guard: NonNullable<DeclaredPlace["guard"]> }
  | { do: "add domain"; app: string; env: string; name: string; as: { certificate: "acme" | "none"; redirect: boolean } }
  | { do: "domain"; app: string; env: string; name: string; change: PatchDomain }
  | { do: "remove domain"; app: string; env: string; name: string }
);

/** `inherit`: names that this layer states no more. */
export interface VariablesPatch {
  variables: Record<string, string | null>;
  inherit: string[];
}
type Domains = NonNullable<DeclaredPlace["domains"]>;
type Variables = Readonly<Record<string, string | null>>;

export interface Plan {
  steps: Step[];
  /** What is there and in no file: deleted only when that is asked for. */
  extra: string[];
  /** What nobody can do from files. */
  notes: string[];
}

/**
 * What makes `present` into `wanted`: what files do not state stays, what they state is as they state it, and what is in none of them goes only with
 * `prune`. In an order in which each step finds what it needs. Pure. Throws Failure for what cannot be changed.
 */
export function planOf(present: Declared, wanted: Declared, { prune }: { prune: boolean }): Plan {
  const planner = new Planner(prune);
  planner.team(present, wanted);
  planner.environments(present, wanted);
  planner.apps(present, wanted);
  return { steps: [...planner.freed, ...planner.steps, ...planner.deletions], extra: planner.extra, notes: planner.notes };
}

class Planner {
  readonly steps: Step[] = [];
  readonly deletions: Step[] = [];
  /** First of all: what one app has no more may be another's. */
  readonly freed: Step[] = [];
  readonly extra: string[] = [];
  readonly notes: string[] = [];
  readonly #prune: boolean;

  constructor(prune: boolean) {
    this.#prune = prune;
  }

  team(present: Declared, wanted: Declared): void {
    const { team, members = {}, variables, ...about } = wanted.team;
    const change = differing(present.team, about);
    if (change) this.#add({ do: "team", change, what: `change the team ${team}: ${told(present.team, change)}` });
    const before = present.team.members ?? {};
    for (const [user, role] of Object.entries(members)) {
      if (before[user] === role) continue;
      this.#add({ do: "member", user, role, what: before[user] ? `make ${user} a ${role}, no ${before[user]}` : `add ${user} as ${role}` });
    }
    const patch = this.#variables("the team", variables, present.team.variables);
    if (patch) this.#add({ do: "layer", env: undefined, patch, what: `set variables of the team: ${namesIn(patch)}` });
    if (!wanted.team.members) return;
    for (const user of Object.keys(before)) {
      if (!(user in members)) this.#drop(`the member ${user}`, { do: "member", user, role: null, what: `remove the member ${user}` });
    }
  }

  environments(present: Declared, wanted: Declared): void {
    const before = new Map(present.environments.map((each) => [each.name, each]));
    for (const environment of wanted.environments) {
      const { name, template, hostSuffix, variables, ...policies } = environment;
      const there = before.get(name);
      const patch = this.#variables(name, variables, there?.variables);
      if (!there) {
        const { variables: _, ...body } = environment;
        this.#add({ do: "create environment", environment: body, what: `make the environment ${name}` });
        if (patch) this.#add({ do: "layer", env: name, patch, what: `set variables of ${name}: ${namesIn(patch)}` });
        continue;
      }
      for (const [what, asked, is] of [
        ["template", template, there.template] as const,
        ["hostSuffix", hostSuffix, there.hostSuffix] as const,
      ]) {
        if (asked === undefined || asked === is) continue;
        throw new Failure(`the ${what} of the environment ${name} cannot be changed from ${is} to ${asked}`, {
          hint: "Put back what it was, or make an environment of another name.",
        });
      }
      const change = differing(there, policies);
      if (change) this.#add({ do: "environment", name, change, what: `change the environment ${name}: ${told(there, change)}` });
      if (patch) this.#add({ do: "layer", env: name, patch, what: `set variables of ${name}: ${namesIn(patch)}` });
    }
    const names = new Set(wanted.environments.map(({ name }) => name));
    for (const { name } of present.environments) {
      const what = `delete the environment ${name} with all that is in it`;
      if (!names.has(name)) this.#drop(`the environment ${name}`, { do: "delete environment", name, what });
    }
  }

  apps(present: Declared, wanted: Declared): void {
    const before = new Map(present.apps.map((each) => [each.name, each]));
    const links: Step[] = [];
    for (const app of wanted.apps) {
      const { name, environments = {}, dependsOn, git, ...about } = app;
      const there = before.get(name);
      const change = there && differing(there, about);
      if (!there) this.#add({ do: "create app", name, about, what: `make the app ${name}` });
      else if (change) this.#add({ do: "app", name, change, what: `change the app ${name}: ${told(there, change)}` });
      this.#repository(name, git, there?.git);
      // Once all of them are there.
      const depends = differing(there ?? { dependsOn: [] }, dependsOn ? { dependsOn } : {});
      if (depends) links.push({ do: "app", name, change: depends, what: `let ${name} depend on ${dependsOn?.join(", ") || "nothing"}` });
      for (const [env, place] of Object.entries(environments)) this.#place({ app: name, env }, place, there?.environments?.[env]);
    }
    // Less first: between the two states there is never a circle that neither has.
    const size = (step: Step) => (step.do === "app" ? (step.change.dependsOn?.length ?? 0) : 0);
    this.steps.push(...links.toSorted((a, b) => size(a) - size(b)));
    const names = new Set(wanted.apps.map(({ name }) => name));
    for (const { name } of present.apps) {
      if (!names.has(name)) this.#drop(`the app ${name}`, { do: "delete app", name, what: `delete the app ${name} in all environments` });
    }
  }

  /** Its address is part of each change: whoever reads the trail sees which repository it was. */
  #repository(app: string, wanted: DeclaredApp["git"], present: DeclaredApp["git"]): void {
    if (wanted === undefined) return;
    if (wanted === null) {
      if (present) this.#add({ do: "repository", app, git: null, what: `take the repository of ${app} away` });
      return;
    }
    const change = differing(present ?? {}, wanted);
    if (!change) return;
    const what = present ? `change the repository of ${app}: ${told(present, change)}` : `give ${app} the repository ${wanted.url}`;
    this.#add({ do: "repository", app, git: { ...change, url: wanted.url }, what });
    if (!present) this.notes.push(`a push to ${wanted.url} does nothing before the Git server has a webhook: ebb repo hook ${app}`);
  }

  #place(at: { app: string; env: string }, wanted: DeclaredPlace, present: DeclaredPlace = {}): void {
    const where = `${at.app} in ${at.env}`;
    const { variables, host, scaling, rules, guard, secrets = [] } = wanted;
    const patch = this.#variables(where, variables, present.variables);
    if (patch) this.#add({ do: "variables", ...at, patch, what: `set variables of ${where}: ${namesIn(patch)}` });
    if (host !== undefined && host !== (present.host ?? null)) {
      this.#add({ do: "host", ...at, host, what: host === null ? `give ${where} its usual host` : `give ${where} the host ${host}` });
    }
    const policy = scaling && differing(present.scaling ?? NO_POLICY, scaling);
    if (policy)
      this.#add({ do: "scaling", ...at, scaling: policy, what: `scale ${where} otherwise: ${told(present.scaling ?? {}, policy)}` });
    if (rules && !isDeepStrictEqual(rules, present.rules ?? [])) {
      this.#add({ do: "rules", ...at, rules, what: `set ${counted(rules.length, "traffic rule")} for ${where}` });
    }
    const guarded = { ...NO_GUARD, ...present.guard };
    const guards = guard && differing(guarded, guard);
    if (guards) this.#add({ do: "guard", ...at, guard: guards, what: `guard ${where} otherwise: ${told(guarded, guards)}` });
    if (wanted.domains) this.#domains(at, wanted.domains, present.domains);
    for (const secret of secrets) {
      if (!present.secrets?.includes(secret))
        this.notes.push(`${where} has no secret ${secret} yet: ebb secrets set ${at.app} ${secret} -e ${at.env}`);
    }
  }

  #domains(at: Place, wanted: Domains, present: Domains = {}): void {
    const where = `${at.app} in ${at.env}`;
    for (const [name, { certificate, redirect }] of Object.entries(wanted)) {
      const there = present[name];
      // One that is uploaded is nowhere but in the platform.
      const asked = certificate === "uploaded" ? undefined : certificate;
      if (!there) {
        const as = { certificate: asked ?? ("none" as const), redirect };
        this.#add({ do: "add domain", ...at, name, as, what: `add the domain ${name} to ${where}` });
      }
      if (certificate === "uploaded" && there?.certificate !== "uploaded") {
        this.notes.push(`${name} has no certificate that was uploaded yet: ebb domain cert ${name} --cert FILE --key FILE`);
      }
      if (!there) continue;
      const change = differing(there, { redirect, ...(asked ? { certificate: asked } : {}) });
      if (change) this.#add({ do: "domain", ...at, name, change, what: `change the domain ${name}: ${told(there, change)}` });
    }
    for (const name of Object.keys(present)) {
      if (name in wanted) continue;
      if (this.#prune) this.freed.push({ do: "remove domain", ...at, name, what: `remove the domain ${name} of ${where}` });
      else this.extra.push(`the domain ${name} of ${where}`);
    }
  }

  #variables(where: string, wanted: Variables | undefined, present: Variables = {}): VariablesPatch | undefined {
    if (!wanted) return undefined;
    const variables = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => present[name] !== value));
    const gone = Object.keys(present).filter((name) => !(name in wanted));
    if (!this.#prune) this.extra.push(...gone.map((name) => `the variable ${name} of ${where}`));
    const inherit = this.#prune ? gone : [];
    return Object.keys(variables).length + inherit.length === 0 ? undefined : { variables, inherit };
  }

  #add(step: Step): void {
    this.steps.push(step);
  }

  #drop(what: string, step: Step): void {
    if (this.#prune) this.deletions.push(step);
    else this.extra.push(what);
  }
}

/** `A, B, -C` */
function namesIn({ variables, inherit }: VariablesPatch): string {
  return [...Object.keys(variables), ...inherit.map((name) => `-${name}`)].join(", ");
}

const NO_GUARD = { deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null };
const NO_POLICY = { strategies: null, min: null, max: null, idle: null };

/** What of `wanted` is not in `present`, field by field; of what has fields of its own, only what is stated counts. Undefined: nothing. */
function differing<T extends object>(present: object, wanted: T): T | undefined {
  const known = present as Record<string, unknown>;
  const entries = Object.entries(wanted).filter(([key, value]) => value !== undefined && !covers(known[key], value));
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

/** `labels` is a whole: one that is not in the file is to go. */
function covers(present: unknown, wanted: unknown): boolean {
  if (!isPlain(present) || !isPlain(wanted) || Object.keys(present).some((key) => !(key in wanted) && typeof present[key] === "string")) {
    return isDeepStrictEqual(present, wanted);
  }
  return Object.entries(wanted).every(([key, value]) => covers(present[key], value));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `approvals 0 → 1, warm false → true` */
function told(present: object, change: object): string {
  const known = present as Record<string, unknown>;
  const text = (value: unknown) => (value === undefined ? "unset" : JSON.stringify(value));
  return Object.entries(change)
    .map(([key, value]) => `${key} ${text(known[key])} → ${text(value)}`)
    .join(", ");
}
