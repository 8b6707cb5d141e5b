import type { ConfigMap, KeyToPath, Secret, Volume, VolumeProjection } from "@ebb/kube";
import { downwardFile, type DownwardScope } from "./downward.ts";
import type { Sources } from "./environment.ts";
import { pathProblem, tidyPath } from "./volume-paths.ts";

const DEFAULT_MODE = 0o644;
/** Kubernetes' default for a projected token. */
const TOKEN_SECONDS = 3600;

export interface TokenFile {
  /** The API's own when absent. */
  audience?: string;
  seconds: number;
}
/** What a file of a volume holds: bytes, or a token that is yet to be issued. */
export type PlannedFile = { mode: number } & ({ content: Uint8Array } | { token: TokenFile });
export type FilePlan = Record<string, PlannedFile>;

export interface VolumeScope extends DownwardScope {
  sources: Sources;
}

/** The files of a volume, or why they cannot be had yet in the kubelet's words. */
export function planFiles(volume: Volume, scope: VolumeScope): { files: FilePlan } | { missing: string } {
  const { configMap, secret, projected } = volume;
  try {
    const mode = (configMap ?? secret ?? projected)?.defaultMode ?? DEFAULT_MODE;
    const files: FilePlan = {};
    const parts: VolumeProjection[] = configMap
      ? [{ configMap }]
      : secret
        ? [{ secret: { ...secret, name: secret.secretName ?? "" } }]
        : (projected?.sources ?? []);
    for (const part of parts) Object.assign(files, projectionOf(part, mode, scope));
    for (const path of Object.keys(files)) {
      const outer = Object.keys(files).find((other) => path.startsWith(`${other}/`));
      if (outer !== undefined) throw new Missing(`${path} is below ${outer}, which is a file`);
    }
    return { files };
  } catch (error) {
    if (error instanceof Missing) return { missing: `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}` };
    throw error;
  }
}

class Missing extends Error {}

function projectionOf(part: VolumeProjection, mode: number, scope: VolumeScope): FilePlan {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = part;
  const { namespace, sources } = scope;
  if (configMap) {
    const { name = "", optional = false, items } = configMap;
    const found = sources.configMap(namespace, name);
    if (!found && !optional) throw new Missing(`configmap "${name}" not found`);
    return pick(found ? configMapFiles(found) : new Map(), { items, optional, mode, what: "configmap references non-existent config key" });
  }
  if (secret) {
    const { name = "", optional = false, items } = secret;
    const found = sources.secret(namespace, name);
    if (!found && !optional) throw new Missing(`secret "${name}" not found`);
    return pick(found ? secretFiles(found) : new Map(), { items, optional, mode, what: "references non-existent secret key" });
  }
  if (downwardAPI) {
    return Object.fromEntries(
      (downwardAPI.items ?? []).map((item) => {
        const text = downwardFile(item, scope);
        if (text === undefined) throw new Missing(`the field of ${item.path} is not known here`);
        return [tidyPath(item.path), { mode: item.mode ?? mode, content: Buffer.from(text) }];
      }),
    );
  }
  if (!token) return {};
  const { path, audience, expirationSeconds: seconds = TOKEN_SECONDS } = token;
  return { [tidyPath(path)]: { mode, token: { seconds, ...(audience ? { audience } : {}) } } };
}

interface Choice {
  items: readonly KeyToPath[] | undefined;
  optional: boolean;
  mode: number;
  /** Said of a key that is not there. */
  what: string;
}

/** All keys under their own names, or those that are asked for under others. */
function pick(data: ReadonlyMap<string, Uint8Array>, { items, optional, mode, what }: Choice): FilePlan {
  const files: FilePlan = {};
  if (!items?.length) {
    // Keys are checked when they are stored; what a volume cannot hold is not worth its whole.
    for (const [key, content] of data) if (pathProblem(key, true) === undefined && !key.includes("/")) files[key] = { mode, content };
    return files;
  }
  for (const { key, path, mode: own = mode } of items) {
    const content = data.get(key);
    if (content) files[tidyPath(path)] = { mode: own, content };
    else if (!optional) throw new Missing(`${what}: ${key}`);
  }
  return files;
}

function configMapFiles({ data = {}, binaryData = {} }: ConfigMap): Map<string, Uint8Array> {
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, "base64")] as const),
  ]);
}

function secretFiles({ data = {} }: Secret): Map<string, Uint8Array> {
  return new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64")]));
}
