import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import { UserError } from "@ebb/base";
import type { BundleManifest } from "@ebb/builder";
import { withAddress } from "../instance-values.ts";
import type { InstanceSpec } from "../port.ts";

/** Where programs are looked up behind the toolchain, as for a login without a profile. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** A manifest is a few hundred bytes. */
const LARGEST_MANIFEST = 1024 * 1024;
/** Names the instance, to itself and to the driver that looks for its processes. */
export const INSTANCE_VARIABLE = "EBB_INSTANCE";
/** The folder with what is in `/var/run/secrets/kubernetes.io/serviceaccount` on Kubernetes. */
const IDENTITY_VARIABLE = "EBB_SERVICE_ACCOUNT";
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads and checks `bundle.json`. Throws UserError `BundleMissing` or `BundleInvalid`. */
export function readManifest(bundle: string): BundleManifest {
  const path = join(bundle, "bundle.json");
  let text: string;
  try {
    if (statSync(path).size > LARGEST_MANIFEST) throw new UserError("BundleInvalid", `${path} is larger than 1 MiB`);
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError("BundleMissing", `the bundle ${bundle} is not there`, { cause, hint: "Deploy the application again." });
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new UserError("BundleInvalid", `${path} is not JSON`, { cause, hint: "Deploy the application again." });
  }
  if (!isManifest(manifest))
    throw new UserError("BundleInvalid", `${path} is not a bundle's manifest`, { hint: "Deploy the application again." });
  return manifest;
}

function isManifest(value: unknown): value is BundleManifest {
  if (typeof value !== "object" || value === null || !("schema" in value) || value.schema !== 1) return false;
  const command = "command" in value ? value.command : undefined;
  const env = "env" in value ? value.env : undefined;
  const isStrings = (list: unknown[]) => list.every((item) => typeof item === "string");
  return Array.isArray(command) && isStrings(command) && typeof env === "object" && env !== null && isStrings(Object.values(env));
}

/** What the driver decides for one start. */
export interface Placement {
  port: number;
  home: string;
  temporary: string;
  toolchain: string;
  /** The folder of its credentials, when it has some. */
  identity?: string;
}

/** Where every process is reached. */
const ADDRESS = "127.0.0.1";

export interface Launch {
  command: string[];
  cwd: string;
  env: Record<string, string>;
}

/**
 * What to execute, where, and with which environment. `command` replaces the bundle's own command and `args` are appended (a bundle's command is
 * an image's entry point without arguments). Throws UserError when that can never start.
 */
export function planLaunch(template: InstanceSpec, bundle: string, placement: Placement): Launch {
  const spec = withAddress(template, ADDRESS);
  const manifest = readManifest(bundle);
  const app = join(bundle, "app");
  const cwd = workingFolder(app, spec.workingDirectory);
  const env = environment(spec.id, { ...manifest.env, ...spec.env }, placement);
  const words = [...(spec.command?.length ? spec.command : manifest.command), ...(spec.args ?? [])];
  const command = withPort(words, placement.port);
  const [program] = command;
  if (program === undefined || program === "") {
    throw new UserError("CommandMissing", "the application states no command to run", {
      hint: "Give one: `command` in ebb.yaml, or a start script in package.json.",
    });
  }
  requireProgram(program, cwd, env["PATH"] ?? "");
  return { command, cwd, env };
}

/** Replaces `$PORT` and `${PORT}` in each element. */
export function withPort(words: readonly string[], port: number): string[] {
  return words.map((word) => word.replaceAll("${PORT}", String(port)).replaceAll(/\$PORT(?![A-Za-z0-9_])/g, String(port)));
}

function environment(id: string, given: Record<string, string>, placement: Placement): Record<string, string> {
  for (const name of Object.keys(given)) {
    // They go through a shell that sets the limits, which passes on only what it could name itself.
    if (VARIABLE.test(name)) continue;
    throw new UserError("EnvNameInvalid", `an application run as a process cannot have the environment variable ${JSON.stringify(name)}`, {
      hint: "Use letters, digits and _ only (not a digit first), or deploy it as an image.",
    });
  }
  return {
    PATH: `${placement.toolchain}:${SYSTEM_PATH}`,
    HOME: placement.home,
    TMPDIR: placement.temporary,
    LANG: "C.UTF-8",
    HOST: ADDRESS,
    ...(placement.identity === undefined
      ? {}
      : { KUBECONFIG: join(placement.identity, "kubeconfig"), [IDENTITY_VARIABLE]: placement.identity }),
    ...given,
    PORT: String(placement.port),
    [INSTANCE_VARIABLE]: id,
  };
}

function workingFolder(app: string, wanted: string | undefined): string {
  let root: string;
  try {
    root = realpathSync(app);
  } catch (cause) {
    throw new UserError("BundleMissing", `the bundle has no folder ${app}`, { cause, hint: "Deploy the application again." });
  }
  if (wanted === undefined || wanted === "") return root;
  let folder: string;
  try {
    folder = realpathSync(resolve(root, wanted));
  } catch (cause) {
    throw new UserError("WorkingDirMissing", `the working directory ${wanted} is not in the bundle`, {
      cause,
      hint: "It is relative to the source's top folder.",
    });
  }
  if (folder !== root && !folder.startsWith(root + sep)) {
    throw new UserError("WorkingDirOutside", `the working directory ${wanted} is outside the bundle`, {
      hint: "It is relative to the source's top folder.",
    });
  }
  return folder;
}

/** Fails early, and with better words than a shell's exit code 127. */
function requireProgram(program: string, cwd: string, path: string): void {
  const candidates = program.includes("/")
    ? [isAbsolute(program) ? program : join(cwd, program)]
    : path.split(":").map((folder) => join(folder, program));
  let found = false;
  for (const candidate of candidates) {
    try {
      if (!statSync(candidate).isFile()) continue;
      found = true;
      accessSync(candidate, constants.X_OK);
      return;
    } catch {
      // The next one.
    }
  }
  if (found) {
    throw new UserError("CommandNotExecutable", `${program} is not executable`, {
      hint: `Run chmod +x ${program}, or name its interpreter: sh ${program}.`,
    });
  }
  throw new UserError("CommandNotFound", `no such command: ${program}`, {
    hint: program.includes("/")
      ? "The path is relative to the source's top folder."
      : `It must be on this machine or in the bundle; looked in ${path}.`,
  });
}
