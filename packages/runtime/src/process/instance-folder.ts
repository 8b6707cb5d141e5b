import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeIdentity } from "../identity-files.ts";
import type { IdentityFiles, InstanceExit, InstanceSpec } from "../port.ts";
import { makePassable } from "./passable-folder.ts";
import type { ProcessIdentity } from "./proc.ts";

/** Written after the process exists and before it may run the program. */
export interface RunRecord extends ProcessIdentity {
  port: number;
  /** Absent when Ebb is not root: the instance runs as Ebb's own user. */
  uid?: number;
  startedAt: number;
  /** It waits at a gate that ends with this Ebb: its program has not been started. */
  prepared?: true;
}

/** Written when nothing of the instance runs any more. */
export interface EndRecord {
  exit: InstanceExit;
  /** Whether Ebb stopped it, so that nobody has to be told. */
  stopped: boolean;
}

/**
 * `ROOT/ID/`: what is on disk of one instance.
 *   spec.json   before anything is started (0600: it holds the environment)
 *   run.json    while it runs
 *   end.json    after it has ended
 *   stdout, stderr, gate, listens  FIFOs       log/  its output       home/, tmp/  its own, writable folders       identity/  its credentials
 *   compiled/  a link to what Node.js has compiled of its version
 * Files appear whole (written beside, renamed). They are not fsynced: no process outlives a power cut, so a record needs only to outlive Ebb.
 */
export class InstanceFolder {
  readonly path: string;

  constructor(root: string, id: string) {
    this.path = join(root, id);
  }

  get log(): string {
    return join(this.path, "log");
  }
  get home(): string {
    return join(this.path, "home");
  }
  /** Credentials for the cluster's API, when it has some. */
  get identity(): string {
    return join(this.path, "identity");
  }
  get temporary(): string {
    return join(this.path, "tmp");
  }
  /** Leads Node.js to what has been compiled of its version. */
  get compiled(): string {
    return join(this.path, "compiled");
  }
  /** A FIFO at which its program waits, when it was made ahead. */
  get gate(): string {
    return join(this.path, "gate");
  }
  /** A FIFO by which such a program tells who waits for it that it listens. */
  get listens(): string {
    return join(this.path, "listens");
  }
  fifo(stream: "stdout" | "stderr"): string {
    return join(this.path, stream);
  }

  /** Makes it, or clears what an earlier run of the same instance left, except its log. */
  async create(spec: InstanceSpec): Promise<void> {
    if (!makePassable(this.path)) {
      await this.clean();
      for (const name of ["run.json", "end.json"]) rmSync(join(this.path, name), { force: true });
    }
    this.#write("spec.json", spec);
  }

  /** Its writable folders, for the user that it runs as. */
  makeHome(uid: number | undefined): void {
    for (const folder of [this.home, this.temporary]) {
      mkdirSync(folder, { mode: 0o700 });
      if (uid !== undefined) chownSync(folder, uid, uid);
    }
    if (uid === undefined) return;
    for (const fifo of [this.fifo("stdout"), this.fifo("stderr"), this.listens]) if (existsSync(fifo)) chownSync(fifo, uid, uid);
  }

  /** Where its program finds them: a kubeconfig too, as the path that Kubernetes has for them cannot be given to a process. */
  writeIdentity(files: IdentityFiles, server: string, uid: number | undefined): void {
    const all = { ...files, kubeconfig: kubeconfigFor(this.identity, server, files["namespace"] ?? "") };
    writeIdentity(this.identity, all, { mode: 0o700, uid });
  }

  writeRun(record: RunRecord): void {
    this.#write("run.json", record);
  }

  writeEnd(record: EndRecord): void {
    this.#write("end.json", record);
  }

  read(): { spec?: InstanceSpec; run?: RunRecord; end?: EndRecord } {
    const spec = this.#read("spec.json") as InstanceSpec | undefined;
    const run = this.#read("run.json") as RunRecord | undefined;
    const end = this.#read("end.json") as EndRecord | undefined;
    return { ...(spec && { spec }), ...(run && { run }), ...(end && { end }) };
  }

  /** Removes everything but the records and the log. */
  async clean(): Promise<void> {
    for (const path of [
      this.home,
      this.temporary,
      this.compiled,
      this.identity,
      this.gate,
      this.listens,
      this.fifo("stdout"),
      this.fifo("stderr"),
    ]) {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  #write(name: string, value: unknown): void {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Ebb's own files in a folder that only it can write: whole or not there; a torn one (power cut) counts as not there. */
  #read(name: string): unknown {
    try {
      return JSON.parse(readFileSync(join(this.path, name), "utf8"));
    } catch {
      return undefined;
    }
  }
}

/** JSON is YAML. The token stays in its own file, which is replaced before it ends. */
function kubeconfigFor(folder: string, server: string, namespace: string): string {
  const name = "in-cluster";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority": join(folder, "ca.crt") } }],
    users: [{ name, user: { tokenFile: join(folder, "token") } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    "current-context": name,
  });
}
