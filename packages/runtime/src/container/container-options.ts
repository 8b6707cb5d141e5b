import type { ContainerCreateOptions, MountSettings } from "dockerode";
import { IDENTITY_MOUNT } from "../identity-files.ts";
import type { HostMount } from "../volumes/instance-volumes.ts";
import type { Engine } from "./engine.ts";
import type { InstanceSpec, SecuritySpec } from "../port.ts";

export const LABELS = { spec: "dev.ebb.spec", owner: "dev.ebb.owner" } as const;

/** A program and its threads; a fork bomb ends here. */
const MOST_PROCESSES = 1024;
/**
 * What engines give a program by themselves and a server does not need. The rest is what images that start as root need to become another user and
 * to own their files. It is not asked for by name: to a program that is not root, an engine would give what is asked for by name, and nothing else.
 */
const DROPPED = ["AUDIT_WRITE", "FSETID", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"];
/** Programs that are not root may listen on 80, too. */
const SYSCTLS = { "net.ipv4.ip_unprivileged_port_start": "0" };

export interface ContainerContext {
  engine: Pick<Engine, "name" | "rootless">;
  /** Whose containers these are: two Ebbs may share an engine. */
  owner: string;
  network: string | undefined;
  dns: string | undefined;
  maxLogBytes: number;
  /** The folder with the instance's credentials. */
  identity: string | undefined;
  mounts: readonly HostMount[];
  /** Explicit process and file limits, for machines whose limits are below the engine's defaults. */
  ulimits: boolean;
}

export function containerName(id: string): string {
  return `ebb-${id}`;
}

/** The engine's request for an instance (Docker Engine API, POST /containers/create). */
export function containerOptions(spec: InstanceSpec, context: ContainerContext): ContainerCreateOptions {
  if (spec.artifact.kind !== "image") throw new TypeError("the container driver runs images");
  const { engine, maxLogBytes, dns, network, identity } = context;
  const { security = {} } = spec;
  const mounts = mountsOf(identity, context.mounts);
  const user = userOf(security);
  const port = `${spec.port}/tcp`;
  return {
    name: containerName(spec.id),
    Image: spec.artifact.reference,
    // Kubernetes: `command` replaces the entry point and drops the image's own arguments, `args` replaces those.
    ...(spec.command ? { Entrypoint: spec.command, Cmd: spec.args ?? [] } : spec.args ? { Cmd: spec.args } : {}),
    Env: Object.entries({ ...spec.env, PORT: String(spec.port) }).map(([name, value]) => `${name}=${value}`),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(user === undefined ? {} : { User: user }),
    Labels: { [LABELS.spec]: JSON.stringify(spec), [LABELS.owner]: context.owner },
    OpenStdin: false,
    Tty: false,
    ...(engine.rootless ? { ExposedPorts: { [port]: {} } } : {}),
    HostConfig: {
      ...capabilitiesOf(security),
      Sysctls: SYSCTLS,
      ...(security.readOnlyRoot ? { ReadonlyRootfs: true } : {}),
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: MOST_PROCESSES,
      ...(context.ulimits
        ? {
            Ulimits: [
              { Name: "nofile", Soft: 1024, Hard: 4096 },
              { Name: "nproc", Soft: 1000, Hard: 1000 },
            ],
          }
        : {}),
      ...(spec.resources.memoryBytes === undefined ? {} : { Memory: spec.resources.memoryBytes, MemorySwap: spec.resources.memoryBytes }),
      ...(spec.resources.cpuRequestMillis === undefined ? {} : { CpuShares: sharesOf(spec.resources.cpuRequestMillis) }),
      ...(spec.resources.cpuMillis === undefined ? {} : { CpuPeriod: 100_000, CpuQuota: spec.resources.cpuMillis * 100 }),
      ...(mounts.length === 0 ? {} : { Mounts: mounts }),
      ...(dns === undefined ? {} : { Dns: [dns], DnsSearch: searchOf(spec) }),
      ...(network === undefined ? {} : { NetworkMode: network }),
      ...(engine.rootless ? { PortBindings: { [port]: [{ HostIp: "127.0.0.1", HostPort: "" }] } } : {}),
      LogConfig: {
        Type: engine.name === "podman" ? "k8s-file" : "json-file",
        Config: { "max-size": `${Math.floor(maxLogBytes / 1024)}k` },
      },
    },
  };
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
