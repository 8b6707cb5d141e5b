import type { Duplex } from "node:stream";
import type { ExecResult, Session, SessionRequest } from "./session-port.ts";
import type { NamespacesSpec, TerminationMessageSpec } from "./surroundings.ts";

export type { ExecResult, Session, SessionRequest, TerminalSize } from "./session-port.ts";

/** What an instance runs. The image reference decides: the host `bundle.ebb.local` names a bundle, anything else an OCI image. */
export type Artifact =
  | { kind: "bundle"; /** sha256 in hex. */ digest: string; /** The unpacked, read-only folder. */ path: string }
  | { kind: "image"; /** A reference that the engine understands, with a digest when it is known. */ reference: string };

/** Exactly one of the actions. Times in seconds, as in core/v1; a period of 0 asks for aggressive probing until the first success. */
export interface ProbeSpec {
  /** By TLS whatever the certificate is, where `tls` says so. */
  http?: { path: string; port?: number; headers: Record<string, string>; tls?: true };
  tcp?: { port?: number };
  grpc?: { port?: number; service: string };
  exec?: { command: string[] };
  initialDelaySeconds: number;
  periodSeconds: number;
  timeoutSeconds: number;
  successThreshold: number;
  failureThreshold: number;
}

/** What an instance proves itself to the cluster's API with, by file name: `token`, `ca.crt`, `namespace`. */
export type IdentityFiles = Readonly<Record<string, string>>;

/** A folder that an instance has beside its artifact. Not for drivers that run programs without mounts of their own (process). */
export interface VolumeSpec {
  /** A DNS label. */
  name: string;
  /**
   * `files` holds what is handed to `start`; `empty` is made with the instance, outlives its program's restarts, and goes with the instance; `claim`
   * is a folder that outlives all instances, and that several may have at once. A claim has no parts (`subPath`).
   */
  kind: "files" | "empty" | "claim";
  /** Of a claim: which one, a DNS subdomain. */
  claim?: string;
  /** Who else than its owner may read it, and write what can be written: a group id, which all its programs have. */
  group?: number;
  /** Of an empty one: kept in memory. */
  memory?: true;
  /** Of an empty one: an instance that puts more there is ended, and starts again with it empty. */
  sizeBytes?: number;
}

export interface MountSpec {
  /** The name of a volume. */
  volume: string;
  /** Absolute. */
  path: string;
  /** Only this file or folder of the volume: relative, without `..`. Of a `files` volume, it is as it was when the program started. */
  subPath?: string;
  readOnly?: true;
}

/** By their paths in the volume: relative, without `..` and `.`. The mode is that of chmod(2). */
export type VolumeFiles = Readonly<Record<string, { content: Uint8Array; mode: number }>>;

/** What an instance is handed beside its spec, which is shown and kept: credentials and the contents of its `files` volumes by name. */
export interface InstanceFiles {
  identity?: IdentityFiles;
  volumes?: Readonly<Record<string, VolumeFiles>>;
}

export interface Provision {
  files: InstanceFiles;
  /** Milliseconds after which they must be replaced; absent when they last. */
  renewAfter?: number;
}

/** What a registry knows somebody by. */
export interface RegistryCredential {
  username: string;
  password: string;
  /** The registry, as the credential's owner has named it. */
  serveraddress: string;
}

/** Those with which images of a workload (`namespace/revision`) may be pulled, the likeliest first; none: as nobody. */
export type PullCredentials = (workload: string, reference: string) => Promise<RegistryCredential[]>;

/** What an image is run as; what is absent is as the image says. A driver that gives each bundle a user of its own (process) has no use for it. */
export interface SecuritySpec {
  user?: number;
  group?: number;
  /** Further groups that it is in. */
  groups?: number[];
  /** Refuse to run it as root: `start` throws UserError CreateContainerConfigError. */
  nonRoot?: true;
  readOnlyRoot?: true;
  /** Linux capabilities that it is to have, or not, beside the driver's own choice; `ALL` for all. Without the prefix `CAP_`. */
  capabilities?: { add: string[]; drop: string[] };
}

/** What its resolver is told. Not for drivers whose programs use the machine's own (process). */
export interface ResolverSpec {
  /** What the rest is added to: how the cluster's names are found, what the machine itself asks, or nothing. */
  base: "cluster" | "machine" | "none";
  nameservers: string[];
  searches: string[];
  /** As in resolv.conf: `ndots:2`. */
  options: string[];
}

/** A name in its /etc/hosts. */
export interface HostAlias {
  name: string;
  address: string;
}

export interface InstanceSpec {
  /** Unique for ever, a DNS label: the Pod's name. Drivers name processes, folders and containers after it. */
  id: string;
  /** `namespace/revision`: instances of one key are interchangeable. */
  workload: string;
  /** Kept by the driver and given back by `list`, so that an adopted instance is known again. */
  labels: Record<string, string>;
  artifact: Artifact;
  /** Replace the artifact's own entry point and arguments, with Kubernetes' semantics. `$(VAR)` is already expanded. */
  command?: string[];
  args?: string[];
  workingDirectory?: string;
  /** The whole environment except what the driver adds: PORT, and PATH, HOME, TMPDIR where the artifact has none. */
  env: Record<string, string>;
  /** The port the application should listen on inside its sandbox. A driver without one of its own (process) chooses another and says so in PORT. */
  port: number;
  protocol: "http1" | "h2c";
  /** Limits; `cpuRequestMillis` is its share of the cores when they are scarce, for drivers that can give one (container). */
  resources: { cpuMillis?: number; memoryBytes?: number; cpuRequestMillis?: number };
  readiness: ProbeSpec;
  liveness?: ProbeSpec;
  /** Until it has succeeded once, the others are not asked. */
  startup?: ProbeSpec;
  /** From SIGTERM to SIGKILL. */
  terminationGraceSeconds: number;
  security?: SecuritySpec;
  /** The ServiceAccount as which it may call the cluster's API; without it, it gets no credentials. */
  identity?: { namespace: string; account: string; /** It says itself that it wants them, whatever the account says. */ asked?: true };
  resolver?: ResolverSpec;
  hostAliases?: HostAlias[];
  namespaces?: NamespacesSpec;
  terminationMessage?: TerminationMessageSpec;
  volumes?: VolumeSpec[];
  mounts?: MountSpec[];
  /** Further programs that share its network and volumes: the containers of a Pod. Only with drivers that have `parts`. */
  parts?: PartSpec[];
  /** It runs such a program of another. */
  memberOf?: GroupSpec;
}

/** A further program of an instance. Drivers know it as an instance of its own, in the group of that one. */
export interface PartSpec extends Pick<
  InstanceSpec,
  | "artifact"
  | "command"
  | "args"
  | "workingDirectory"
  | "env"
  | "resources"
  | "security"
  | "liveness"
  | "startup"
  | "mounts"
  | "terminationMessage"
> {
  /** A DNS label, unique in the instance. */
  name: string;
  /** `init` runs before the others, in order, and must end with 0; a `sidecar` runs beside them. */
  role: "init" | "sidecar";
  /** A sidecar without one is ready while it runs. */
  readiness?: ProbeSpec;
}

/** Instances that share a network, in which one of them has a port, and their volumes. */
export interface GroupSpec {
  /** The id of the one that serves. */
  group: string;
  /** Of all members. */
  mounts: MountSpec[];
}

/** Where the gateway and the probes reach an instance. */
export interface Address {
  host: string;
  port: number;
}

/** What an instance took from the order to start it until it counted as ready, milliseconds. */
export interface StartPhases {
  /** For its image, and for its turn among others that start. */
  queued: number;
  /** Folders, control groups, network, mounts. */
  sandbox: number;
  /** Until its program was running. */
  launch: number;
  /** From then to the last probe that it did not answer. */
  boot: number;
  /** From then until it counted as ready: its readiness was seen so late at the most. */
  seen: number;
}

/** A started instance as its driver sees it; ready or not is the instance manager's concern. */
export interface RunningInstance {
  spec: InstanceSpec;
  address: Address;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Process id on the host, when there is one to show. */
  pid?: number;
  /** Of the time that `start` took, milliseconds until the program was about to be started; absent for one that ran already. */
  sandboxMs?: number;
  /** Kept off the CPU by `freeze`, perhaps in an earlier life of Ebb. */
  frozen?: boolean;
  /** Made by `initialise`, perhaps in an earlier life of Ebb: its program has not been started yet. */
  prepared?: boolean;
}

export interface StartOptions {
  /** Ends the wait for parts that come first: the start throws. */
  signal?: AbortSignal;
  /** Told where it will be reached, if that is known before its program begins: nothing else is there. Undefined when that has become wrong. */
  placed?: ((address: Address | undefined) => void) | undefined;
}

export interface InstanceExit {
  id: string;
  /** Absent when it ended while nobody was its parent (Ebb was down). */
  exitCode?: number;
  signal?: string;
  /** Evicted: it took more than it may have of something that ends nobody by itself. */
  reason: "Completed" | "Error" | "OOMKilled" | "Evicted" | "Unknown";
  /** Of an eviction: what it took too much of; else what it says of its end itself. */
  message?: string;
  finishedAt: number;
}

/** An instance that has ended and is not forgotten. */
export interface EndedInstance {
  spec: InstanceSpec;
  startedAt: number;
  /** How it ended, also when it was stopped. */
  exit: InstanceExit;
}

/** What an instance has used. */
export interface ResourceUsage {
  /** CPU time since it was started. Falls when a part of it has ended unseen. */
  cpuMs: number;
  /** Now, without what it shares with others. */
  memoryBytes: number;
}

export interface LogLine {
  /** Milliseconds since the epoch, when it was read. */
  time: number;
  stream: "stdout" | "stderr";
  text: string;
}
export interface LogOptions {
  follow?: boolean;
  /** Only the last so many lines of what there is. */
  tail?: number;
  /** Milliseconds since the epoch. */
  since?: number;
  signal?: AbortSignal;
}

/**
 * A way of running instances. Two drivers implement it (process, container) and one conformance suite holds for both.
 *
 * Invariants
 * - `start` resolves once the instance's program has been started; it throws UserError when the artifact can never start (no such image, no
 *   such command) and TransientError when it might later. When it throws, nothing is left behind.
 * - An instance runs on when Ebb dies by any cause. `list` after a restart gives exactly the instances still running, with the specs that they were
 *   started with; what is left of half-started ones is removed by it.
 * - `exited` fires exactly once for an instance that ended by itself, also if it ended while Ebb was down (after `list`); not for one that was stopped.
 * - `stop` sends SIGTERM to the whole instance, SIGKILL after the grace, and resolves when nothing of it runs. Stopping one that is not there resolves.
 * - Output is kept across restarts of Ebb, at most `maxLogBytes` an instance (oldest dropped first), and a reader that is slow holds up the
 *   instance, never memory. Logs of an ended instance stay readable until `forget`.
 * - `start` of an id that has ended starts it again and keeps its log; of one that runs it is a bug.
 * - The files that `start` is given are there before the program starts, readable by it and by no other instance, and never part of `list`.
 *   Those of one volume change in one step: a reader who goes through the volume's `..data` sees the old ones or the new ones.
 * Not in the contract: where those files are (see docs/guide/access.md); order of output between stdout and stderr; addresses staying the same across instances.
 */
export interface Driver {
  readonly name: "process" | "container";
  /** Makes the artifact present (pulls an image), which may take minutes; a `start` afterwards takes a second at most. Throws as `start` does. */
  prepare?(spec: InstanceSpec, signal?: AbortSignal): Promise<void>;
  /**
   * `repository@sha256:…` of what an image's reference means, for drivers that run images: what the engine has, pulled when it has none or when
   * `pull` asks for the newest. Undefined when it has no digest, as one that was built on this machine may. Throws as `start` does.
   */
  digestOf?(reference: string, options: { pull: boolean; workload: string }): Promise<string | undefined>;
  /** Of an instance with parts, resolves once those of the role `init` have ended well. */
  start(spec: InstanceSpec, files?: InstanceFiles, options?: StartOptions): Promise<RunningInstance>;
  /**
   * Makes of an instance what costs nothing while it waits (no process, no memory), so that `start` of the same spec is quicker. It is nobody's instance: `list` does not tell of it, and
   * removes what an earlier Ebb has left of such; `forget` undoes it. Throws as `start` does. Absent from drivers that have nothing of the kind.
   */
  foresee?(spec: InstanceSpec): Promise<void>;
  /**
   * All of `start` but the program itself, ahead of time; `start` of the same id then takes milliseconds. It outlives Ebb (`list` tells of it), or
   * nothing is left of it; `stop` undoes it without a trace. Throws as `start` does. Absent from drivers that cannot.
   */
  initialise?(spec: InstanceSpec, files?: InstanceFiles): Promise<RunningInstance>;
  /** Replaces those of the files that are given, of one that was started with some. One that does not run is left alone. */
  renewFiles(id: string, files: InstanceFiles): Promise<void>;
  /** With the scope `program`, its parts go on: it is about to be started again. */
  stop(id: string, graceSeconds: number, scope?: "instance" | "program"): Promise<void>;
  /** Removes what the members of a group share, once none of them runs or will run again. Absent in drivers that have no groups. */
  closeGroup?(group: string): Promise<void>;
  list(): Promise<RunningInstance[]>;
  /** Those that ended, also in an earlier life of Ebb, and are not forgotten: their logs can still be read. Oldest first; after `list`. */
  ended(): Promise<EndedInstance[]>;
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  exec(id: string, command: string[], timeoutSeconds: number): Promise<ExecResult>;
  /** Starts a command in a running instance that is not frozen. Throws UserError when it does not run or cannot run that. */
  openSession(id: string, request: SessionRequest): Promise<Session>;
  /**
   * Where one of its TCP ports is reached from this machine; the port of its spec is the one it serves at. Throws UserError for a port that is not
   * the instance's own, or cannot be reached.
   */
  reach(id: string, port: number): Promise<Address>;
  /**
   * Takes all of an instance off the CPU and lets the machine have its memory, as far as it can; `thaw` puts it back in a millisecond or two.
   * Both outlive Ebb (`list` tells of it); `stop` works on a frozen one too. Throw when there is nothing to freeze it with.
   */
  freeze(id: string): Promise<void>;
  thaw(id: string): Promise<void>;
  /**
   * Of a frozen one, the file of the kernel's freezer by which all of it is thawed (`freezer.state` or `cgroup.freeze` in a control group of its own), so that
   * whoever has a request for it need not ask. Undefined where there is none.
   */
  thawFile?(id: string): string | undefined;
  /**
   * Of one that `initialise` made and `start` has not been called for, a FIFO named `gate`: a line written to it by whoever has a request starts the program at once;
   * `start` is then to be called as well. A FIFO `listens` beside it may tell, by whatever is written to it, that the program now accepts connections. Undefined where there is none.
   */
  gateFile?(id: string): string | undefined;
  /** Of an instance with parts, what becomes of them. The driver keeps its sidecars running, and starts again those that end. */
  parts?(id: string): PartStatus[] | undefined;
  /** Told the id of the instance. */
  onPartChange?(listener: (id: string) => void): () => void;
  /** Undefined when it does not run, or cannot be looked at. */
  usage(id: string): ResourceUsage | undefined;
  /** One sentence on what the instance does wrong that it does not know itself (such as listening on another port), for a failing readiness probe. */
  diagnose(id: string): Promise<string | undefined>;
  /** All workloads there are: what is kept on disk beside the instances of any other is removed. Absent from drivers that keep nothing of the kind. */
  retain?(workloads: { has(workload: string): boolean }): void;
  /** Deletes what is kept of an instance that has ended. */
  forget(id: string): Promise<void>;
  onExit(listener: (exit: InstanceExit) => void): () => void;
  /** Lets go without stopping anything. */
  close(): Promise<void>;
}

export interface PartStatus {
  name: string;
  role: PartSpec["role"];
  /** `waiting` to be started, the first time or again; an `init` ends well, a sidecar with its instance. */
  phase: "waiting" | "running" | "ended";
  ready: boolean;
  startedAt?: number;
  restarts: number;
  lastExit?: InstanceExit;
  reason?: string;
  message?: string;
}

/** What the manager is asked to keep running for one revision. */
export interface Workload {
  key: string;
  /** Everything of the instances but their ids; INSTANCE_VALUES stand in it for what each has of its own. */
  template: Omit<InstanceSpec, "id">;
}

export type InstancePhase = "starting" | "ready" | "unready" | "backoff" | "frozen" | "prepared" | "draining" | "ended";

/**
 * What is kept of a workload beside what it is scaled to: nothing; of one that is scaled to none, its last ready instance off the CPU; or at any
 * time one more instance that only lacks its program's start, where the driver can make such.
 */
export type Idle = "cold" | "frozen" | "prepared";

export interface InstanceStatus {
  id: string;
  workload: string;
  labels: Record<string, string>;
  phase: InstancePhase;
  address?: Address;
  /** Of a frozen one that is off the CPU: see `Driver.thawFile`. Thawed by it, it may serve at once; the manager is to be told by `scale`. */
  thawFile?: string;
  /**
   * Of one that is not known to be ready: where it accepts connections as soon as it is, and nothing else is asked of it. With a `gateFile` (see `Driver.gateFile`)
   * its program is first to be let go there; the manager is to be told by `scale`.
   */
  trial?: Address & { gateFile?: string };
  /** Thousandths of a core that it asks for: its limit, when it does not say. */
  cpuMillis?: number;
  startedAt: number;
  /** When it first became ready. */
  readyAt?: number;
  /** How it came to serve, once it does; absent for one that was adopted. The same object until it starts again. */
  start?: { from: Idle; phases: StartPhases };
  restarts: number;
  lastExit?: InstanceExit;
  /** How it ended, once it has. */
  end?: InstanceExit;
  /** Whether its own program is ready, where `phase` tells of it with its parts. */
  mainReady?: boolean;
  parts?: PartStatus[];
  /** Why it is not ready, in words, with what to do about it. */
  message?: string;
  /** The field's own word for it: CrashLoopBackOff, ErrImagePull, ProbeFailed … */
  reason?: string;
}

/**
 * Keeps as many instances of each workload as are desired: starts, probes, restarts with back-off, drains and stops. Level-based: what it
 * wants is only `workloads` and `scale`; what is, it reads from the drivers.
 */
export interface InstanceManager {
  /** Adopts what is running. Instances of workloads that are not declared within the first `setWorkloads` are orphans and are stopped. */
  start(): Promise<void>;
  /** Declares all workloads there are; those left out are drained and stopped. */
  setWorkloads(workloads: readonly Workload[]): void;
  /** Declares or replaces one workload (its running instances are kept). */
  putWorkload(workload: Workload): void;
  /** Drains and stops its instances, then forgets it. */
  removeWorkload(key: string): void;
  /** How many instances should run, ready or becoming so. */
  scale(key: string, count: number): void;
  /** What to keep beside the count. Takes effect at the next change of the count, or at once for what is kept already or prepared. */
  setIdle(key: string, idle: Idle): void;
  /** What its instances are handed may have changed: those that run get it, those that wait for it are tried at once. */
  renewFiles(key: string): void;
  /**
   * Requests wait for it where what starts is tried (see `trial`), and it is said again each second while they do: a first instance is then looked at
   * seldom, as nobody waits for what is found here.
   */
  awaited(key: string): void;
  /** Whether a program boots that requests wait for: what nobody waits for leaves it the cores, for a moment. */
  inRush(): boolean;
  desired(key: string): number;
  instances(key: string): readonly InstanceStatus[];
  /** Drains and stops one instance, as when its Pod is deleted; another takes its place while the count asks for it. */
  remove(id: string): void;
  all(): readonly InstanceStatus[];
  /** What an instance uses, when it can be told. */
  usage(id: string): ResourceUsage | undefined;
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  /** Starts a command in an instance that runs; a frozen one is kept on the CPU until it has ended. Throws UserError when it does not run. */
  openSession(id: string, request: SessionRequest): Promise<Session>;
  /**
   * A connection to one of its TCP ports, that which it serves at when none is named; a frozen one is kept on the CPU until it closes. Throws UserError as
   * `Driver.reach`, or when nobody answers.
   */
  connect(id: string, port?: number): Promise<Duplex>;
  /** Whether somebody has one of these two open in an instance of it and uses it: something went through within ten minutes, and it was opened within the hour. */
  attended(key: string): boolean;
  /** Fires after any change of an instance of that workload. */
  onChange(listener: (workload: string) => void): () => void;
  /** Stops probing and lets go; with `stopInstances`, drains and stops them all first. */
  stop(options: { stopInstances: boolean }): Promise<void>;
}
