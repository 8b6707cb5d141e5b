import type { Duplex } from "node:stream";
import type { Pod } from "@ebb/kube";
import { record } from "../audit/store.ts";
import { isReady, isRunning } from "../cluster/pods.ts";
import { PLATFORM_LABELS, type Cluster, type ExecRequest } from "../cluster/port.ts";
import type { Deps } from "../deploy/context.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";

export interface InstanceCommand extends ExecRequest {
  /** One that is ready when neither is given. */
  instance?: string | undefined;
  version?: string | undefined;
}

/**
 * Runs a command in an instance of an app. The trail tells who, where, and which program: never its arguments, nor what goes through it. Throws
 * `instance_not_found`.
 */
export async function execInApp(
  { db, clock }: Deps,
  { facts, cluster }: { facts: AppFacts; cluster: Cluster },
  { instance, version, ...request }: InstanceCommand,
): Promise<Duplex> {
  const { app, environment } = facts;
  const pod = choose(cluster.pods(app.name), { instance, version });
  if (!pod) {
    const wanted = [version, instance].filter((part) => part !== undefined).join(" ");
    throw refuse("instance_not_found", `${app.name} has no running instance${wanted === "" ? "" : ` ${wanted}`} in ${environment.name}`, {
      hint: `Send it a request first, or keep one: \`ebb scale ${app.name} --min 1\`; \`ebb apps ${app.name}\` lists them.`,
    });
  }
  const { name } = pod.metadata;
  await db.transaction().execute((transaction) =>
    record(transaction, clock.now(), {
      action: "command.run",
      object: `app/${app.name}`,
      team: app.team,
      after: { environment: environment.name, instance: name, program: request.command[0] ?? "" },
    }),
  );
  return cluster.exec(name, request);
}

/** A ready one before one that is frozen or still starting; the newest of them. */
function choose(pods: readonly Pod[], { instance, version }: Pick<InstanceCommand, "instance" | "version">): Pod | undefined {
  const fitting = pods.filter(
    (pod) =>
      isRunning(pod) &&
      pod.metadata.deletionTimestamp === undefined &&
      (instance === undefined || pod.metadata.name === instance) &&
      (version === undefined || pod.metadata.labels?.[PLATFORM_LABELS.version] === version),
  );
  const newest = fitting.toSorted((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? 1 : -1));
  return newest.find(isReady) ?? newest[0];
}
