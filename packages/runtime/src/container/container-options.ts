import { posix } from "node:path";
import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";
import { withAddress } from "../instance-values.ts";
import { IDENTITY_MOUNT } from "../identity-files.ts";
import { instanceMemory } from "../instance-memory.ts";
import type { HostMount } from "../volumes/instance-volumes.ts";
import type { Engine } from "./engine.ts";
import { GROUP_LABEL, type SandboxOptions } from "./sandbox.ts";
import type { InstanceSpec, SecuritySpec } from "../port.ts";

export const LABELS = { spec: "dev.ebb.spec", owner: "dev.ebb.owner" } as const;

/** Kubernetes' own. */
const TERMINATION_LOG = "/dev/termination-log";

/** A program and its threads; a fork bomb ends here. */
const MOST_PROCESSES = 1024;
/**
 * What engines give a program by themselves and a server does not need. The rest is what images that start as root need to become another user and
 * to own their files. It is not asked for by name: to a program that is not root, an engine would give what is asked for by name, and nothing else.
 */
const DROPPED = ["AUDIT_WRITE", "FSETID", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"];
/** Programs that are not root may listen on 80, too. */
const SYSCTLS = { "net.ipv4.ip_unprivileged_port_start": "0" };

/** Below what any machine has. */
const LIMITS = [
  { Name: "nofile", Soft: 1024, Hard: 4096 },
  { Name: "nproc", Soft: 1000, Hard: 1000 },
];

export interface ContainerContext {
  engine: Pick<Engine, "name" | "rootless" | "limitsMemory">;
  /** Whose containers these are: two Ebbs may share an engine. */
  owner: string;
  network: string | undefined;
  /** What stands for its address is replaced by this. */
  address?: string | undefined;
  /** The container whose network it is in, which holds what there is to say of the network. */
  sandbox?: string | undefined;
  /** The link to the network made ahead that it is in, or will be. */
  ready?: string | undefined;
  dns: string | undefined;
  /** A file with the system calls that programs may make; the engine's own when undefined. */
  seccomp: string | undefined;
  maxLogBytes: number;
  /** The folder with the instance's credentials. */
  identity: string | undefined;
  mounts: readonly HostMount[];
  /** The file in which its program may say why it ends. */
  message: string;
  /** Explicit process and file limits, for machines whose limits are below the engine's defaults. */
  ulimits: boolean;
}

export function containerName(id: string): string {
  return `ebb-${id}`;
}

/** The engine's request for an instance (Docker Engine API, POST /containers/create). */
export function containerOptions(spec: InstanceSpec, context: ContainerContext): ContainerCreateOptions {
  if (spec.artifact.kind !== "image") throw new TypeError("the container driver runs images");
  const { engine, maxLogBytes, identity } = context;
  const { security = {} } = spec;
  const { env, command, args } = context.address === undefined ? spec : withAddress(spec, context.address);
  const mounts = mountsOf(identity, [...context.mounts, messageMount(spec, context.message)]);
  const user = userOf(security);
  const alone = context.sandbox === undefined;
  const { top, host } = alone ? networkOf(spec, context) : besideOf(spec, context);
  return {
    name: containerName(spec.id),
    Image: spec.artifact.reference,
    // Kubernetes: `command` replaces the entry point and drops the image's own arguments, `args` replaces those.
    ...(command ? { Entrypoint: command, Cmd: args ?? [] } : args ? { Cmd: args } : {}),
    Env: Object.entries({ ...env, ...(spec.memberOf ? {} : { PORT: String(spec.port) }) }).map(([name, value]) => `${name}=${value}`),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(user === undefined ? {} : { User: user }),
    Labels: {
      [LABELS.spec]: JSON.stringify(spec),
      [LABELS.owner]: context.owner,
    },
    OpenStdin: false,
    Tty: false,
    ...top,
    HostConfig: {
      ...capabilitiesOf(security),
      ...(security.readOnlyRoot ? { ReadonlyRootfs: true } : {}),
      ...(security.groups?.length ? { GroupAdd: security.groups.map(String) } : {}),
      SecurityOpt: ["no-new-privileges", ...(context.seccomp === undefined ? [] : [`seccomp=${context.seccomp}`])],
      PidsLimit: MOST_PROCESSES,
      ...(context.ulimits ? { Ulimits: LIMITS } : {}),
      ...memoryOf(spec, engine),
      ...(spec.resources.cpuRequestMillis === undefined ? {} : { CpuShares: sharesOf(spec.resources.cpuRequestMillis) }),
      ...(spec.resources.cpuMillis === undefined ? {} : { CpuPeriod: 100_000, CpuQuota: spec.resources.cpuMillis * 100 }),
      ...(mounts.length === 0 ? {} : { Mounts: mounts }),
      ...host,
      ...namespacesOf(spec, context.sandbox),
      LogConfig: {
        Type: engine.name === "podman" ? "k8s-file" : "json-file",
        Config: { "max-size": `${Math.floor(maxLogBytes / 1024)}k` },
      },
    },
  };
}

/** Without a limit of its own it may still not take the whole machine. */
function memoryOf(
  { resources: { memoryBytes } }: InstanceSpec,
  engine: Pick<Engine, "limitsMemory">,
): Pick<HostConfig, "Memory" | "MemorySwap"> {
  if (memoryBytes !== undefined) return { Memory: memoryBytes, MemorySwap: memoryBytes };
  return engine.limitsMemory ? { Memory: instanceMemory() } : {};
}

/** As in a Pod: containers beside each other have one IPC namespace, and one of processes where that is asked for. */
function namespacesOf({ namespaces = {} }: InstanceSpec, sandbox: string | undefined): Pick<HostConfig, "IpcMode" | "PidMode"> {
  const { processes, ipc } = namespaces;
  const beside = sandbox === undefined ? undefined : `container:${sandbox}`;
  const ipcMode = ipc ?? beside;
  const pidMode = processes === "host" ? "host" : processes === "shared" ? beside : undefined;
  return { ...(ipcMode === undefined ? {} : { IpcMode: ipcMode }), ...(pidMode === undefined ? {} : { PidMode: pidMode }) };
}

function messageMount({ terminationMessage: { path = TERMINATION_LOG } = {} }: InstanceSpec, source: string): HostMount {
  return { source, target: posix.resolve("/", path), readOnly: false };
}

/** Of a container with a network of its own, or of the sandbox that has it for several. */
export function sandboxOptions(spec: InstanceSpec, group: string, context: ContainerContext): SandboxOptions {
  return sandboxOf(group, context.owner, networkOf(spec, context));
}

/** Of the sandbox that has a network for whatever container comes; what is the container's own (its DNS, say) is said when it comes. */
export function readySandboxOptions(group: string, owner: string, network: string): SandboxOptions {
  return sandboxOf(group, owner, { top: {}, host: { Sysctls: SYSCTLS, NetworkMode: network } });
}

function sandboxOf(group: string, owner: string, { top, host }: NetworkOptions): SandboxOptions {
  return {
    ...top,
    Labels: { [LABELS.owner]: owner, [GROUP_LABEL]: group },
    HostConfig: {
      ...host,
      IpcMode: "shareable",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 1,
      ReadonlyRootfs: true,
      Ulimits: LIMITS,
    },
  };
}

interface NetworkOptions {
  top: Pick<ContainerCreateOptions, "ExposedPorts" | "Hostname">;
  host: HostConfig;
}

function networkOf(spec: InstanceSpec, { engine, dns, network, ready }: ContainerContext): NetworkOptions {
  const names = { ...resolverOf(spec, dns), ...hostsOf(spec) };
  const top = { Hostname: hostnameOf(spec) };
  if (ready !== undefined) return { top, host: { Sysctls: SYSCTLS, ...names, NetworkMode: `ns:${ready}` } };
  const port = `${spec.port}/tcp`;
  return {
    top: { ...top, ...(engine.rootless ? { ExposedPorts: { [port]: {} } } : {}) },
    host: {
      Sysctls: SYSCTLS,
      ...names,
      ...(network === undefined ? {} : { NetworkMode: network }),
      ...(engine.rootless ? { PortBindings: { [port]: [{ HostIp: "127.0.0.1", HostPort: "" }] } } : {}),
    },
  };
}

/** In the network of a sandbox, whose hostname Docker gives it; Podman gives it one of its own, and Docker refuses to be told of one. */
function besideOf(spec: InstanceSpec, { engine, sandbox }: ContainerContext): NetworkOptions {
  const top = engine.name === "podman" ? { Hostname: hostnameOf(spec) } : {};
  return { top, host: { NetworkMode: `container:${sandbox}` } };
}

/** As in a Pod: its name, as far as the kernel takes it (the kubelet's GeneratePodHostNameAndDomain). It is also `HOSTNAME` inside. */
export function hostnameOf({ id, memberOf }: InstanceSpec): string {
  return (memberOf?.group ?? id).slice(0, 63).replace(/[-.]+$/, "");
}

/** `dns` finds the cluster's names. What is said beside it comes behind it, as the kubelet puts it. */
function resolverOf(spec: InstanceSpec, dns: string | undefined): HostConfig {
  const { base = "cluster", nameservers = [], searches = [], options = [] } = spec.resolver ?? {};
  const finds = base === "cluster" && dns !== undefined;
  const servers = [...(finds ? [dns] : []), ...nameservers];
  const domains = [...(finds ? searchOf(spec) : []), ...searches];
  return {
    ...(servers.length > 0 ? { Dns: servers } : {}),
    // An engine that is told of none takes the machine's; a dot stands for none.
    ...(domains.length > 0 ? { DnsSearch: domains } : base === "none" ? { DnsSearch: ["."] } : {}),
    ...(options.length > 0 ? { DnsOptions: options } : {}),
  };
}

function hostsOf({ hostAliases = [] }: InstanceSpec): HostConfig {
  return hostAliases.length === 0 ? {} : { ExtraHosts: hostAliases.map(({ name, address }) => `${name}:${address}`) };
}

function mountsOf(identity: string | undefined, volumes: readonly HostMount[]): MountSettings[] {
  // A program that mounts something there itself wants no other credentials.
  const taken = volumes.some(({ target }) => target === IDENTITY_MOUNT);
  const all = [...(identity === undefined || taken ? [] : [{ source: identity, target: IDENTITY_MOUNT, readOnly: true }]), ...volumes];
  return all.map(({ source, target, readOnly }) => ({ Type: "bind", Source: source, Target: target, ReadOnly: readOnly }));
}

/** As the kubelet gives them: 1024 a core, 2 at least. */
function sharesOf(millis: number): number {
  return Math.max(2, Math.floor((millis * 1024) / 1000));
}

/** `uid:gid`; a group without a user is the image's user's. */
function userOf({ user, group }: SecuritySpec): string | undefined {
  if (user === undefined) return undefined;
  return group === undefined ? String(user) : `${user}:${group}`;
}

function capabilitiesOf({ capabilities: { add, drop } = { add: [], drop: [] } }: SecuritySpec): { CapDrop: string[]; CapAdd: string[] } {
  const dropped = drop.includes("ALL") ? ["ALL"] : [...new Set([...DROPPED, ...drop])].filter((capability) => !add.includes(capability));
  return { CapDrop: dropped, CapAdd: add };
}

/** Services of the instance's own namespace go by their name alone, others by `NAME.NAMESPACE`. */
function searchOf({ workload }: InstanceSpec): string[] {
  const [namespace = ""] = workload.split("/");
  return [`${namespace}.svc.cluster.local`, "svc.cluster.local", "cluster.local"];
}
