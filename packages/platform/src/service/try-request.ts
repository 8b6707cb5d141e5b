import type { ColdStart, TriedRequest, TryRequest } from "@ebb/api";
import { sleep } from "@ebb/base";
import type { Cluster } from "../cluster/port.ts";
import { record } from "../audit/store.ts";
import type { Deps } from "../deploy/context.ts";
import { viewPlace, viewVersion, type AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { appColdStarts } from "./app-cold-starts.ts";
import type { Exchanged } from "./exchange.ts";
import { explainRequest } from "./explain.ts";
import { versionIn } from "./facts.ts";

/** The connection's own, which are not for the asker to set. */
const REFUSED_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** A cold start is told once its first answer has gone through: that may be a moment after we have it. */
const LOOKS = 10;
const LOOK = 150;
const DECODER = new TextDecoder("utf-8", { fatal: true });

/**
 * Sends a request to an app as one of its users would, and tells what became of it. Throws `invalid_request`, `version_not_found`,
 * `version_not_ready`.
 */
export async function tryRequest(
  deps: Deps,
  { facts, cluster, signal }: { facts: AppFacts; cluster: Cluster; signal: AbortSignal },
  asked: TryRequest,
): Promise<TriedRequest> {
  const { db, clock } = deps;
  const { app, environment } = facts;
  const headers = asked.headers ?? [];
  const refused = headers.find(({ name }) => REFUSED_HEADERS.has(name.toLowerCase()));
  if (refused) throw refuse("invalid_request", `The header ${refused.name} cannot be set`, { hint: "It belongs to the connection." });
  const { url, state } = targetOf(facts, asked.version);
  const version = asked.version ?? (await expectedVersion(cluster, facts, asked));
  const path = asked.path.replace(/\?.*/, "");
  await db.transaction().execute((transaction) =>
    record(transaction, clock.now(), {
      action: "request.sent",
      object: `app/${app.name}`,
      team: app.team,
      after: {
        environment: environment.name,
        method: asked.method,
        path,
        ...(asked.version === undefined ? {} : { version: asked.version }),
      },
    }),
  );
  const startedAt = clock.now();
  const { answer, failure, timings } = await deps.exchange(facts.ingress, new URL(url), { ...asked, headers }, signal);
  const coldStart = await coldStartSince({ deps, cluster, app: app.name, signal }, version, startedAt, state === "asleep" ? LOOKS : 1);
  return {
    url: new URL(asked.path, url).href,
    version: version ?? coldStart?.version ?? null,
    answer: answer && { ...answer, ...shown(answer) },
    failure,
    startedAt: new Date(startedAt).toISOString(),
    timings,
    coldStart,
  };
}

function targetOf(facts: AppFacts, version: string | undefined): { url: string; state: string } {
  const { app, environment } = facts;
  if (version === undefined) {
    const { url, state } = viewPlace(facts);
    if (url !== "") return { url, state };
    throw refuse("version_not_ready", `Nothing of ${app.name} serves in ${environment.name} yet`, { hint: "Deploy it first." });
  }
  const { previewUrl, state } = viewVersion(facts, versionIn(facts, version));
  if (previewUrl !== null) return { url: previewUrl, state };
  throw refuse("version_not_ready", `${version} of ${app.name} has no address of its own: it is ${state}`, {
    hint: "Choose another version.",
  });
}

/** Where rules, or a split that leaves no choice, say it; undefined where chance does, or the cluster does not tell. */
async function expectedVersion(cluster: Cluster, facts: AppFacts, asked: TryRequest): Promise<string | null> {
  const [only, ...others] = facts.shares;
  try {
    const headers = (asked.headers ?? []).map(({ name, value }) => `${name}: ${value}`);
    const found = await explainRequest(cluster, facts, { method: asked.method, path: asked.path, headers });
    return found.version ?? (found.rule === null && only && others.length === 0 ? `v${only.number}` : null);
  } catch {
    // It is only to be shown: the request itself says whether the cluster answers.
    return null;
  }
}

interface Look {
  deps: Deps;
  cluster: Cluster;
  app: string;
  signal: AbortSignal;
}

/** The first start that a request waited for, since then. */
async function coldStartSince(
  { deps, cluster, app, signal }: Look,
  version: string | null,
  since: number,
  looks: number,
): Promise<ColdStart | null> {
  for (let look = 0; look < looks; look++) {
    if (look > 0) await sleep(deps.clock, LOOK, signal);
    const { items, recorded } = await appColdStarts(cluster, app, { limit: 20, ...(version === null ? {} : { version }) });
    const found = items.findLast((start) => start.waited && Date.parse(start.time) >= since);
    if (found) return found;
    if (!recorded) return null;
  }
  return null;
}

/** As text where it is text. */
function shown({ body }: NonNullable<Exchanged["answer"]>): { body: string; encoding: "utf8" | "base64" } {
  try {
    return { body: DECODER.decode(body), encoding: "utf8" };
  } catch {
    return { body: body.toString("base64"), encoding: "base64" };
  }
}
