import { ServiceAccounts, type Revision, type Secret, type ServiceAccount } from "@ebb/kube";
import type { RegistryCredential } from "@ebb/runtime";
import type { Context } from "../context.ts";
import { splitKey } from "../engine/keys.ts";
import { registryOf } from "./image-digests.ts";

/** An image's registry and the path in it, without tag and digest, and a credential's place. */
interface Place {
  host: string;
  path: string;
}

/**
 * What images of a Revision may be pulled with: its `imagePullSecrets`, or its ServiceAccount's if it names none, as Kubernetes' admission fills them
 * in. Secrets that are not there, or cannot be read, are passed over, as the kubelet does.
 */
export async function pullCredentials(context: Context, workload: string, reference: string): Promise<RegistryCredential[]> {
  const { namespace, name } = splitKey(workload);
  const revision = context.revisions.get(namespace, name);
  if (!revision) return [];
  const own = namesIn(revision.spec);
  const names = own.length > 0 ? own : namesIn(await accountOf(context, revision));
  return credentialsFor(
    reference,
    names.map((secret) => context.secrets.get(namespace, secret)),
  );
}

function namesIn(holder: { imagePullSecrets?: { name?: string }[] } | undefined): string[] {
  return (holder?.imagePullSecrets ?? []).flatMap((each) => each.name ?? []);
}

async function accountOf({ client }: Context, { metadata, spec }: Revision): Promise<ServiceAccount | undefined> {
  return await client.get(ServiceAccounts, metadata.namespace, spec.serviceAccountName ?? "default");
}

/** Those of the Secrets that fit the image, the most particular first; after the kubelet's pkg/credentialprovider/keyring.go. */
export function credentialsFor(reference: string, secrets: readonly (Secret | undefined)[]): RegistryCredential[] {
  const image = imagePlace(reference);
  return secrets
    .flatMap((secret) => (secret ? entriesIn(secret) : []))
    .map(([server, entry]) => ({ place: serverPlace(server), credential: credentialOf(server, entry) }))
    .filter(({ place }) => fits(place, image))
    .toSorted((a, b) => b.place.path.length - a.place.path.length)
    .flatMap(({ credential }) => credential ?? []);
}

function entriesIn({ type, data = {} }: Secret): [string, unknown][] {
  const key =
    type === "kubernetes.io/dockerconfigjson" ? ".dockerconfigjson" : type === "kubernetes.io/dockercfg" ? ".dockercfg" : undefined;
  if (key === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data[key] ?? "", "base64").toString());
    const servers = key === ".dockercfg" ? parsed : fieldOf(parsed, "auths");
    return typeof servers === "object" && servers !== null ? Object.entries(servers) : [];
  } catch {
    // No JSON: as good as no Secret. What it says may quote a password.
    return [];
  }
}

function credentialOf(serveraddress: string, entry: unknown): RegistryCredential | undefined {
  const auth = textOf(entry, "auth");
  // Go's encoders and people's scripts both write it; a user name has no colon (RFC 7617).
  const decoded = auth === undefined ? "" : Buffer.from(auth, "base64").toString();
  const colon = decoded.indexOf(":");
  const username = textOf(entry, "username") ?? (colon > 0 ? decoded.slice(0, colon) : undefined);
  const password = textOf(entry, "password") ?? (colon > 0 ? decoded.slice(colon + 1) : undefined);
  return username === undefined || password === undefined ? undefined : { username, password, serveraddress };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function textOf(value: unknown, key: string): string | undefined {
  const found = fieldOf(value, key);
  return typeof found === "string" && found !== "" ? found : undefined;
}

const HUB = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

function imagePlace(reference: string): Place {
  const registry = registryOf(reference);
  const name = (reference.split("@")[0] ?? "").replace(/:[^:/]+$/, "");
  return {
    host: HUB.has(registry) ? "docker.io" : registry,
    path: name.startsWith(`${registry}/`) ? name.slice(registry.length) : `/${name}`,
  };
}

/** `https://index.docker.io/v1/` is how Docker writes its own. */
function serverPlace(server: string): Place {
  const [host = "", ...path] = server.replace(/^https?:\/\//, "").split("/");
  const rest = path.filter(Boolean).join("/");
  return { host: HUB.has(host) ? "docker.io" : host, path: rest === "" || rest === "v1" || rest === "v2" ? "" : `/${rest}` };
}

/** A `*` stands for a label of the host or a part of one; the path holds for all beneath it. */
function fits(place: Place, image: Place): boolean {
  const [wanted, had] = [place.host.split("."), image.host.split(".")];
  const hostFits = wanted.length === had.length && wanted.every((label, index) => labelFits(label, had[index] ?? ""));
  return hostFits && (place.path === "" || image.path === place.path || image.path.startsWith(`${place.path}/`));
}

/** By its pieces, in order: no pattern of somebody's becomes an expression. */
function labelFits(pattern: string, label: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === label;
  if (!label.startsWith(first) || label.length < first.length + last.length || !label.endsWith(last)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = label.indexOf(piece, from);
    if (at < 0 || at + piece.length > label.length - last.length) return false;
    from = at + piece.length;
  }
  return true;
}
