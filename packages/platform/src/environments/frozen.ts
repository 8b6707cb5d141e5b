import { currentOrigin } from "../audit/context.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { freezeAt, type Frozen } from "./freezes.ts";
import { policiesOf } from "./policies.ts";
import { listEnvironments } from "./store.ts";

interface Asked {
  team: string;
  /** Empty: all of the team's. */
  env: string;
  now: number;
}

/** The freeze that holds, with its environment. */
export async function frozenAt(db: Database, { team, env, now }: Asked): Promise<(Frozen & { environment: string }) | undefined> {
  const rows = (await listEnvironments(db, team)).filter(({ name }) => env === "" || name === env);
  return rows
    .flatMap((row) => {
      const frozen = freezeAt(policiesOf(row).freezes, now);
      return frozen ? [{ ...frozen, environment: row.name }] : [];
    })
    .toSorted((a, b) => b.until - a.until)[0];
}

/**
 * Lets a change through that is not in a freeze, or whose request comes from a platform administrator with a reason: what is then to be
 * recorded is returned. Throws `environment_frozen`.
 */
export async function refuseFrozen(db: Database, asked: Asked): Promise<{ overrodeFreeze?: { freeze: string; why: string } }> {
  const frozen = await frozenAt(db, asked);
  if (!frozen) return {};
  const why = currentOrigin().overrideFreeze;
  if (why !== undefined) return { overrodeFreeze: { freeze: frozen.why, why } };
  const until = new Date(frozen.until).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
  throw refuse("environment_frozen", `${frozen.environment} of ${asked.team} is frozen until ${until}: ${frozen.why}`, {
    hint: "Wait until then, or ask a platform administrator, who may override it: EBB_OVERRIDE_FREEZE=REASON before the command.",
  });
}
