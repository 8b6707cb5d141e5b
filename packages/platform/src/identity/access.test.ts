import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideAccess, type Access, type Caller, type Facts } from "./access.ts";
import { atLeast, ROLES, roleOfScope, SCOPES, type Role, type Scope } from "./roles.ts";

const TEAM: Facts = { team: "shop", environment: { deploy: "developer", release: "releaser" } };
const STRICT: Facts = { team: "shop", environment: { deploy: "releaser", release: "admin" } };

function who(role: Role | undefined, change: Partial<Caller> = {}): Caller {
  const roles = new Map<string, Role>(role === undefined ? [] : [["shop", role]]);
  return {
    userId: "u",
    name: "ann",
    kind: "user",
    platformAdmin: false,
    roles,
    scope: "admin",
    onlyTeam: null,
    credential: "s",
    ...change,
  };
}
const ADMIN = who(undefined, { platformAdmin: true });

type Row = [sentence: string, caller: Caller | undefined, access: Access, facts: Facts, outcome: string];
const rows: Row[] = [
  ["anybody may use a public route", undefined, { public: true }, {}, "allowed"],
  ["nobody uses another without credentials", undefined, { signedIn: true }, {}, "unauthenticated"],
  ["nor a team's", undefined, { team: "viewer" }, TEAM, "unauthenticated"],
  ["a user of no team may use what is for everybody", who(undefined), { signedIn: true }, {}, "allowed"],
  ["a token of any scope may too", who("viewer", { scope: "read" }), { signedIn: true }, {}, "allowed"],
  ["but not what takes whole rights", who("admin", { scope: "release" }), { signedIn: true, whole: true }, {}, "forbidden"],
  ["nor may one of a single team", who("admin", { onlyTeam: "shop" }), { signedIn: true, whole: true }, {}, "forbidden"],
  ["nor may a machine", who("admin", { kind: "machine" }), { signedIn: true, whole: true }, {}, "forbidden"],
  ["a team's admin is no platform administrator", who("admin"), { platformAdmin: true }, {}, "forbidden"],
  ["a platform administrator is", ADMIN, { platformAdmin: true }, {}, "allowed"],
  ["unless by a token for less", { ...ADMIN, scope: "release" }, { platformAdmin: true }, {}, "forbidden"],
  ["or by one of a single team", { ...ADMIN, onlyTeam: "shop" }, { platformAdmin: true }, {}, "forbidden"],
  ["a platform administrator is admin in every team", ADMIN, { team: "admin" }, TEAM, "allowed"],
  ["but their read token reads only", { ...ADMIN, scope: "read" }, { team: "developer" }, TEAM, "forbidden"],
  ["a team is hidden from who is not in it", who(undefined), { team: "viewer" }, TEAM, "hidden"],
  ["also from a token of another team", who("admin", { onlyTeam: "other" }), { team: "viewer" }, TEAM, "hidden"],
  ["what does not exist is hidden from all", ADMIN, { team: "viewer" }, {}, "hidden"],
  ["an environment that does not exist cannot be deployed to", who("admin"), { environment: "deploy" }, { team: "shop" }, "hidden"],
  ["a viewer sees", who("viewer"), { team: "viewer" }, TEAM, "allowed"],
  ["and does not deploy", who("viewer"), { environment: "deploy" }, TEAM, "forbidden"],
  ["a developer deploys", who("developer"), { environment: "deploy" }, TEAM, "allowed"],
  ["and does not release", who("developer"), { environment: "release" }, TEAM, "forbidden"],
  ["nor deploy where the environment asks for more", who("developer"), { environment: "deploy" }, STRICT, "forbidden"],
  ["a releaser releases", who("releaser"), { environment: "release" }, TEAM, "allowed"],
  ["but not where it takes an admin", who("releaser"), { environment: "release" }, STRICT, "forbidden"],
  ["an admin with a deploy token does not release", who("admin", { scope: "deploy" }), { environment: "release" }, TEAM, "forbidden"],
  ["a viewer's admin token is still a viewer's", who("viewer"), { environment: "deploy" }, TEAM, "forbidden"],
];

describe("who may use a route", () => {
  test.each(rows)("%s", (...row) => {
    const [, caller, access, facts, outcome] = row;
    const decision = decideAccess(caller, access, facts);
    expect(decision.allowed ? "allowed" : decision.reason).toBe(outcome);
  });
});

test("a credential never gives more than its owner has, nor more than its scope, nor anything outside of its team", () => {
  const role = fc.constantFrom<(Role | undefined)[]>(undefined, ...ROLES);
  const access = fc.oneof(
    fc.constantFrom<Role[]>(...ROLES).map((team) => ({ team })),
    fc.constantFrom<(Role | "deploy" | "release")[]>(...ROLES, "deploy", "release").map((environment) => ({ environment })),
  );
  const facts = fc.record({
    team: fc.constantFrom("shop", "other"),
    environment: fc.record({ deploy: fc.constantFrom(...ROLES), release: fc.constantFrom(...ROLES) }),
  });
  fc.assert(
    fc.property(role, access, facts, fc.constantFrom<Scope[]>(...SCOPES), fc.constantFrom(null, "shop", "other"), (...drawn) => {
      const [own, asked, about, scope, onlyTeam] = drawn;
      const narrowed = decideAccess(who(own, { scope, onlyTeam }), asked, about).allowed;
      const whole = decideAccess(who(own), asked, about).allowed;
      const asScope = decideAccess(who(roleOfScope(scope)), asked, about).allowed;
      const fits = onlyTeam === null || onlyTeam === about.team;
      expect(narrowed).toBe(whole && asScope && fits);
    }),
  );
});

test("roles include those before them, and no role includes none", () => {
  expect(ROLES.map((role) => ROLES.map((needed) => (atLeast(role, needed) ? 1 : 0)).join(""))).toEqual(["1000", "1100", "1110", "1111"]);
  expect(ROLES.some((needed) => atLeast(undefined, needed))).toBe(false);
});
