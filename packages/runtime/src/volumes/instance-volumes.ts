import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { opendir, lstat, rm } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { BugError, systemCode, UserError } from "@ebb/base";
import type { InstanceFiles, MountSpec, VolumeSpec } from "../port.ts";
import { makeMemoryFolder } from "./memory-folder.ts";
import { giveTo, isInside, writePart, writeVolume } from "./write-volume.ts";

/** A folder or file of this machine, as a container sees it. */
export interface HostMount {
  source: string;
  target: string;
  readOnly: boolean;
}

export interface VolumePlaces {
  /** Folders that only Ebb may pass through. */
  disk: string;
  /** On a file system in memory. */
  memory: string;
  /** Of claims: a folder for each, which nobody here removes. */
  claims: string;
}

/**
 * The volumes of one instance on this machine.
 *   files/NAME        a `files` volume, replaced in one step          parts/HASH   a copy of a part of one, made at each start
 *   empty/NAME        an `empty` volume                               subs/HASH    a part of one
 *
 * A program that may write a volume can put a link where a part of it is to be mounted. So a part of an empty volume is a folder of its own, which is
 * mounted below the whole wherever that is mounted: no path that a container could have changed is ever followed on this machine.
 */
export class InstanceVolumes {
  readonly #disk: string;
  readonly #memory: string;
  readonly #claims: string;

  constructor({ disk, memory, claims }: VolumePlaces, id: string) {
    this.#claims = claims;
    this.#disk = join(disk, id);
    this.#memory = join(memory, id);
  }

  /** Before each start of one of its programs: all mounts that there are, and the contents of the `files` volumes. Throws UserError. */
  prepare(volumes: readonly VolumeSpec[], mounts: readonly MountSpec[], files: InstanceFiles["volumes"]): void {
    for (const { subPath } of mounts) {
      if (subPath !== undefined && !isInside(subPath))
        throw new UserError("CreateContainerConfigError", `the subPath ${JSON.stringify(subPath)} leads out of its volume`);
    }
    if (volumes.length > 0) mkdirSync(dirname(this.#disk), { recursive: true, mode: 0o700 });
    for (const volume of volumes) {
      const parts = subPathsOf(volume.name, mounts);
      if (volume.kind === "empty") this.#makeEmpty(volume, parts);
      else if (volume.kind === "claim") this.#makeClaim(volume, parts);
      else {
        const given = files?.[volume.name];
        // One that is not given keeps what it has.
        if (!given && existsSync(this.#files(volume))) continue;
        const content = given ?? {};
        writeVolume(this.#files(volume), content, volume.group);
        for (const part of parts) writePart(this.#part(volume, part), { files: content, subPath: part, group: volume.group });
      }
    }
  }

  /** Of a running one: those that are given; copies of parts stay as they were. */
  renew(volumes: readonly VolumeSpec[], files: NonNullable<InstanceFiles["volumes"]>): void {
    for (const [name, content] of Object.entries(files)) {
      const folder = this.#files({ name });
      if (existsSync(folder)) writeVolume(folder, content, volumes.find((volume) => volume.name === name)?.group);
    }
  }

  /** What the engine is asked to mount for one program; `all` are the mounts of all programs of the instance. */
  mounts(volumes: readonly VolumeSpec[], own: readonly MountSpec[], all: readonly MountSpec[]): HostMount[] {
    return own.flatMap(({ volume: name, path, subPath, readOnly = false }) => {
      const volume = volumes.find((candidate) => candidate.name === name);
      if (!volume) return [];
      if (volume.kind === "files") {
        const source = subPath === undefined ? this.#files(volume) : this.#part(volume, subPath);
        return [{ source, target: path, readOnly: true }];
      }
      if (volume.kind === "claim") return [{ source: this.#claim(volume), target: path, readOnly }];
      const source = subPath === undefined ? this.#empty(volume) : this.#sub(volume, subPath);
      const below = subPathsOf(name, all).flatMap((part) => {
        const rest = subPath === undefined ? part : part.startsWith(`${subPath}/`) ? part.slice(subPath.length + 1) : undefined;
        return rest === undefined ? [] : [{ source: this.#sub(volume, part), target: posix.join(path, rest), readOnly }];
      });
      return [{ source, target: path, readOnly }, ...below];
    });
  }

  /** The first empty volume with more in it than it may have, in the kubelet's words. */
  async overfull(volumes: readonly VolumeSpec[], mounts: readonly MountSpec[]): Promise<string | undefined> {
    for (const volume of volumes) {
      const { sizeBytes, name } = volume;
      if (sizeBytes === undefined) continue;
      const folders = [this.#empty(volume), ...subPathsOf(name, mounts).map((part) => this.#sub(volume, part))];
      let used = 0;
      for (const folder of folders) used += await bytesIn(folder);
      if (used > sizeBytes) return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit "${sizeBytes}".`;
    }
    return undefined;
  }

  /** What its programs wrote; for one that has been evicted, before it starts again. */
  async clear(): Promise<void> {
    for (const root of [this.#disk, this.#memory]) {
      for (const sort of ["empty", "subs"]) await rm(join(root, sort), { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    for (const root of [this.#disk, this.#memory]) await rm(root, { recursive: true, force: true });
  }

  #makeEmpty(volume: VolumeSpec, parts: readonly string[]): void {
    const whole = this.#empty(volume);
    // What is there may hold links of a program's making: nothing is made in it a second time.
    if (existsSync(whole)) return;
    if (volume.memory) this.#requireMemory();
    for (const folder of [whole, ...parts.map((part) => this.#sub(volume, part))]) {
      mkdirSync(folder, { recursive: true });
      share(folder, volume.group);
    }
    for (const part of parts) mkdirSync(join(whole, part), { recursive: true });
    for (const outer of parts)
      for (const inner of parts)
        if (inner.startsWith(`${outer}/`)) mkdirSync(join(this.#sub(volume, outer), inner.slice(outer.length + 1)), { recursive: true });
  }

  #makeClaim(volume: VolumeSpec, parts: readonly string[]): void {
    // A program may have put a link there, which the engine would follow on this machine.
    if (parts.length > 0)
      throw new UserError(
        "CreateContainerConfigError",
        `the subPath ${JSON.stringify(parts[0])} of a claim cannot be mounted: mount all of it`,
      );
    const folder = this.#claim(volume);
    mkdirSync(this.#claims, { recursive: true, mode: 0o700 });
    if (existsSync(folder)) {
      // It is this machine's own folder, not a link: only what is in it is a program's.
      if (volume.group !== undefined) share(folder, volume.group);
      return;
    }
    mkdirSync(folder);
    share(folder, volume.group);
  }

  #requireMemory(): void {
    const none = makeMemoryFolder(dirname(this.#memory));
    if (!none) return;
    const { problem, hint } = none;
    throw new UserError(
      "CreateContainerConfigError",
      `there is no place for an emptyDir with medium Memory: ${problem}`,
      hint === undefined ? {} : { hint },
    );
  }

  #files({ name }: Pick<VolumeSpec, "name">): string {
    return join(this.#disk, "files", name);
  }
  #part({ name }: VolumeSpec, subPath: string): string {
    return join(this.#disk, "parts", hashed(name, subPath));
  }
  #empty({ name, memory }: VolumeSpec): string {
    return join(memory ? this.#memory : this.#disk, "empty", name);
  }
  #claim({ claim = "" }: VolumeSpec): string {
    // Drivers are told what to run by the API's objects: a name is never a path.
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(claim)) throw new BugError("claim_name", `${JSON.stringify(claim)} is no name of a claim`);
    return join(this.#claims, claim);
  }
  #sub({ name, memory }: VolumeSpec, subPath: string): string {
    return join(memory ? this.#memory : this.#disk, "subs", hashed(name, subPath));
  }
}

/** Whoever the program is, it may write there; nobody else comes this far. What it makes there is its group's, too. */
function share(folder: string, group: number | undefined): void {
  giveTo(folder, group);
  chmodSync(folder, group === undefined ? 0o777 : 0o2777);
}

function subPathsOf(volume: string, mounts: readonly MountSpec[]): string[] {
  return [...new Set(mounts.flatMap((mount) => (mount.volume === volume && mount.subPath !== undefined ? [mount.subPath] : [])))].sort();
}

/** A path of any length and with any characters, as a name. */
function hashed(name: string, subPath: string): string {
  return `${name}-${createHash("sha256").update(subPath).digest("hex").slice(0, 16)}`;
}

/** On the disk, as du(1) counts; links are not followed. What goes away meanwhile counts nothing. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  const waiting = [folder];
  const SECTOR = 512;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        const path = join(next, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else bytes += (await lstat(path)).blocks * SECTOR;
      }
    } catch (error) {
      // A program without an engine that runs as root may close its folders to us.
      if (systemCode(error) !== "ENOENT" && systemCode(error) !== "EACCES") throw error;
    }
  }
  return bytes;
}
