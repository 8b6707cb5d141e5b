import type { Pod } from "@ebb/kube";
import { LABELS } from "@ebb/kube";
import type { Said } from "@ebb/base";
import { conditionOf, diagnose, type Diagnosis } from "../cluster/diagnose.ts";
import { revisionName, versionName } from "../compile/names.ts";
import { operationError } from "../errors.ts";
import type { PlaceDeps } from "./context.ts";
import type { Work } from "./route.ts";
import { until } from "./wait.ts";
import { say } from "../operations/words.ts";

const LOG_LINES = 50;
const LOG_TIMEOUT = 3000;

/**
 * Waits until the version's Revision is ready. Throws with the whole chain of causes and its pods' last lines once the trouble has lasted
 * as long as its kind deserves.
 */
export async function awaitReady(deps: PlaceDeps, work: Work, number: number): Promise<void> {
  const { cluster, clock } = deps;
  const name = revisionName(work.app, number);
  let trouble: { diagnosis: Diagnosis; since: number } | undefined;
  // The pods of a Revision that has failed may be gone before its condition is seen: what they said and wrote is kept.
  const seen = new Map<string, Pod>();
  const failed = await until({ cluster, clock, app: work.app, signal: work.signal }, () => {
    const revision = cluster.revision(name);
    if (conditionOf(revision?.status?.conditions, "Ready")?.status === "True") return false;
    for (const pod of cluster.pods(work.app)) if (pod.metadata.labels?.[LABELS.revision] === name) seen.set(pod.metadata.name, pod);
    const diagnosis = diagnose(versionName(number), revision, [...seen.values()]);
    if (!diagnosis) {
      trouble = undefined;
      return undefined;
    }
    work.say(wordsOf(diagnosis));
    if (trouble?.diagnosis.code !== diagnosis.code || (trouble.diagnosis.patience === undefined) !== (diagnosis.patience === undefined)) {
      trouble = { diagnosis, since: clock.monotonic() };
    } else trouble.diagnosis = diagnosis;
    const { patience } = diagnosis;
    return patience !== undefined && clock.monotonic() - trouble.since >= patience ? diagnosis : undefined;
  });
  if (failed === false) {
    work.say(say("start.ready", { version: versionName(number) }));
    return;
  }
  const log = await lastLines(deps, [...seen.keys()]);
  throw operationError(failed.code, failed.message, {
    hint: failed.hint,
    details: { chain: failed.chain.map(({ words }) => words), saidChain: failed.chain.map(({ said }) => said), log, said: failed.said },
  });
}

/** The root of it: what is being waited for. */
function wordsOf({ chain, message, said }: Diagnosis): string | Said {
  const { words, said: code } = chain.at(-1) ?? { words: message, said };
  return code === null ? words : { words, ...code };
}

/** The last lines of the newest pod that wrote any; empty when they cannot be read: the cause is known without them. */
async function lastLines(deps: PlaceDeps, pods: readonly string[]): Promise<string[]> {
  const timeout = new AbortController();
  const timer = deps.clock.after(LOG_TIMEOUT, () => timeout.abort());
  try {
    for (const pod of [...pods].reverse()) {
      const lines: string[] = [];
      try {
        for await (const line of deps.cluster.podLogs(pod, { follow: false, tail: LOG_LINES, signal: timeout.signal }))
          lines.push(line.text);
      } catch (error) {
        deps.log.debug({ pod, error }, "the log of a pod could not be read");
      }
      if (lines.length > 0) return lines;
    }
    return [];
  } finally {
    timer.cancel();
  }
}
