import { UserError } from "@ebb/base";
import type { Revision, Volume } from "@ebb/kube";
import { uidOf, type InstanceSpec, type VolumeFiles } from "@ebb/runtime";
import { downwardScope, type Identity } from "./downward.ts";
import type { Sources } from "./environment.ts";
import type { NodeSize } from "./schedulable.ts";
import { fsGroupOf } from "./security.ts";
import { planFiles, type TokenFile, type VolumeScope } from "./volume-files.ts";

/** Of an instance's ServiceAccount, bound to its Pod once that is recorded. */
export type IssueToken = (
  holder: { namespace: string; account: string; pod: string },
  token: TokenFile,
) => Promise<{ token: string; /** Milliseconds after which to ask again. */ renewAfter: number }>;

export interface ProvidedVolumes {
  volumes: Record<string, VolumeFiles>;
  renewAfter?: number;
}

/** What is given to a group can be read by it, whatever its mode; as the kubelet has it. */
const GROUP_READS = 0o440;

interface ProvideDeps {
  sources: Sources;
  node: NodeSize | undefined;
  issueToken: IssueToken;
}

/**
 * The files of all `files` volumes of an instance. Throws UserError FailedMount while something is missing that is not optional; for one that runs,
 * a volume that cannot be had is left out, as it keeps what it has.
 */
export async function provideVolumes(
  revision: Revision,
  spec: Pick<InstanceSpec, "id" | "volumes">,
  state: "starting" | "running",
  deps: ProvideDeps,
): Promise<ProvidedVolumes> {
  const scope = scopeOf(revision, { id: spec.id, uid: uidOf(spec.id) }, deps);
  const wanted = (revision.spec.volumes ?? []).filter(({ name }) =>
    (spec.volumes ?? []).some((volume) => volume.kind === "files" && volume.name === name),
  );
  const group = fsGroupOf(revision.spec);
  const volumes: ProvidedVolumes["volumes"] = {};
  let renewAfter = Number.POSITIVE_INFINITY;
  for (const volume of wanted) {
    const plan = planFiles(volume, scope);
    if ("missing" in plan) {
      if (state === "running") continue;
      throw new UserError("FailedMount", plan.missing);
    }
    const files: Record<string, VolumeFiles[string]> = {};
    for (const [path, file] of Object.entries(plan.files)) {
      const mode = group === undefined ? file.mode : file.mode | GROUP_READS;
      if ("content" in file) files[path] = { mode, content: file.content };
      else {
        const { namespace, account } = scope;
        const issued = await deps.issueToken({ namespace, account, pod: spec.id }, file.token);
        files[path] = { mode, content: Buffer.from(issued.token) };
        renewAfter = Math.min(renewAfter, issued.renewAfter);
      }
    }
    volumes[volume.name] = files;
  }
  return { volumes, ...(Number.isFinite(renewAfter) ? { renewAfter } : {}) };
}

/** Why an instance could not start for want of files; undefined when it could. */
export function missingFiles(revision: Revision, deps: Pick<ProvideDeps, "sources" | "node">): string | undefined {
  const { name } = revision.metadata;
  const scope = scopeOf(revision, { id: name, uid: uidOf(name) }, deps);
  for (const volume of (revision.spec.volumes ?? []).filter(isFiles)) {
    const plan = planFiles(volume, scope);
    if ("missing" in plan) return plan.missing;
  }
  return undefined;
}

function scopeOf(revision: Revision, instance: Identity, { sources, node }: Pick<ProvideDeps, "sources" | "node">): VolumeScope {
  return { ...downwardScope(revision, instance, node), sources };
}

function isFiles({ configMap, secret, projected }: Volume): boolean {
  return (configMap ?? secret ?? projected) !== undefined;
}
