import type { Said } from "@ebb/base";
import type { GitCommit, GitSource } from "./git/source.ts";

/** Images of this host are bundles: `bundle.ebb.local/NAME@sha256:HEX`. */
export const BUNDLE_HOST = "bundle.ebb.local";

/** How an application is run, found in its source or stated in ebb.yaml. Everything is settled: no defaults are left to fill in. */
export interface AppPlan {
  name: string;
  kind: "application" | "site";
  /** How it was decided, for people: `package.json`, `Dockerfile`, `ebb.yaml` … */
  detectedFrom: string;
  language: "node" | "python" | "go" | "static" | "procfile" | "image" | "custom";
  /** Run in a shell, in order, inside the unpacked source. */
  buildCommands: string[];
  /** Argument vector; `$PORT` in an element is replaced at start. Absent for images, which have their own. */
  command?: string[];
  port: number;
  protocol: "http1" | "h2c";
  env: Record<string, string>;
  /** Apps that an environment wakes before it; absent: the source does not say. */
  dependsOn?: string[];
  /** Names of the app's secrets to be put into the environment: variable → secret key. */
  secrets: Record<string, string>;
  scaling: {
    min: number;
    max: number;
    concurrency?: number;
    target?: number;
    /** Seconds asleep after the last request. */ idleSeconds?: number;
  };
  resources: { cpu?: string; memory?: string };
  health: { path?: string; initialDelaySeconds?: number; timeoutSeconds?: number };
  timeoutSeconds: number;
}

export type BuildOutput = { kind: "bundle"; image: string; digest: string } | { kind: "image"; image: string };

/** Told as a build goes on; `log` lines come from the tools that it runs. */
export interface BuildProgress {
  phase(name: "clone" | "unpack" | "detect" | "build" | "package", message: string | Said): void;
  log(line: string): void;
}

export type BuildRequest = BuildOrder &
  (
    | /** A gzip-compressed tar of the source. */ { archive: string }
    | {
        git: GitSource;
        /** Told and awaited once the revision is here, before it is built. */
        fetched: (commit: GitCommit) => Promise<void>;
      }
  );

interface BuildOrder {
  /** Used when ebb.yaml has no name. */
  defaultName: string;
  /** Wins over ebb.yaml. */
  name?: string;
  progress: BuildProgress;
  signal: AbortSignal;
}

/**
 * Turns source into something that runs.
 *
 * Invariants: the same source gives the same digest; nothing outside a folder of the build's own is written by the source's commands or
 * its archive; a build that fails or is aborted leaves nothing behind; a bundle is in the store only when it is whole.
 * Throws UserError for faults of the source (code, message, hint, last log lines in `details.log`).
 */
export interface Builder {
  build(request: BuildRequest): Promise<Built>;
}

export interface Built {
  plan: AppPlan;
  output: BuildOutput;
}

/**
 * `bundle.json` beside the folder `app` in an unpacked bundle (`BUNDLES/sha256/HEX/{bundle.json,app/}`): what an image's config is for an image.
 * The digest is over the manifest and the sorted list of files with their modes and contents.
 */
export interface BundleManifest {
  schema: 1;
  name: string;
  /** Argument vector run in `app`; `$PORT` inside an element is replaced. `node` and `python3` are looked up by the driver. */
  command: string[];
  env: Record<string, string>;
}
