import { rm } from "node:fs/promises";
import { systemCode, type Clock, type Logger, type Random, type Said } from "@ebb/base";
import { relocateVenv } from "./bundle/relocate.ts";
import { copySite, loadSiteServer, type ServerFile } from "./bundle/site.ts";
import { copyTree } from "./bundle/copy-tree.ts";
import { BundleStore } from "./bundle/store.ts";
import type { Recipe } from "./config/settle.ts";
import { fault } from "./errors.ts";
import { fetchGit } from "./git/fetch.ts";
import { buildImage } from "./image/build-image.ts";
import { DEFAULT_LIMITS, type BuildLimits } from "./limits.ts";
import { BUNDLE_HOST, type AppPlan, type BuildRequest, type Builder, type Built } from "./port.ts";
import { runCommand, withDeadline } from "./run/sandbox.ts";
import { requireTools } from "./run/toolchain.ts";
import { checkEntry, understand, withoutIgnored } from "./source.ts";
import { unpack } from "./unpack/unpack.ts";
import { WorkSlots } from "./work-slots.ts";
import { Workshop, type Workplace } from "./workshop.ts";
import { say } from "./words.ts";

export interface BuilderOptions {
  /** Where bundles are kept; instances of other users must be able to pass through the folders above it. */
  bundlesRoot: string;
  /** Builds work in here, and keep the caches of their package managers. */
  workRoot: string;
  /** Of a Docker-compatible engine, for Dockerfiles. */
  engine?: { socketPath: string };
  toolchain: { /** The pinned Node.js. */ node: string };
  clock: Clock;
  random: Random;
  log: Logger;
  limits?: Partial<BuildLimits>;
  /** Ebb's environment: proxies, registries and certificates of it are passed on to builds, nothing else. */
  env?: NodeJS.ProcessEnv;
}

export interface BundleBuilder extends Builder {
  /** Removes the bundles whose digests (hex) are not kept; never one made or used by a build within the last hour. */
  collect(keep: ReadonlySet<string>): Promise<void>;
}

/** Nothing is done before the first build or collect; that one also clears away what an Ebb that was killed has left. */
export function createBuilder(options: BuilderOptions): BundleBuilder {
  return new LocalBuilder(options);
}

class LocalBuilder implements BundleBuilder {
  readonly #options: BuilderOptions;
  readonly #limits: BuildLimits;
  readonly #slots: WorkSlots;
  readonly #workshop: Workshop;
  readonly #store: BundleStore;
  #prepared: Promise<void> | undefined;
  #siteServer: Promise<ServerFile[]> | undefined;

  constructor(options: BuilderOptions) {
    const { workRoot, bundlesRoot, clock, random, toolchain, env = {} } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#slots = new WorkSlots(this.#limits.concurrentBuilds);
    this.#workshop = new Workshop({ root: workRoot, node: toolchain.node, env, slots: this.#limits.concurrentBuilds });
    this.#store = new BundleStore({ root: bundlesRoot, clock, random });
  }

  async build(request: BuildRequest): Promise<Built> {
    await this.#prepare();
    const slot = await this.#slots.take(request.signal);
    try {
      const place = await this.#workshop.open(slot);
      try {
        return await this.#buildIn(place, request);
      } finally {
        await this.#workshop.close(place);
      }
    } catch (error) {
      if (["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "")) throw fault("disk_full", "the disk is full", { cause: error });
      throw error;
    } finally {
      this.#slots.give(slot);
    }
  }

  async collect(keep: ReadonlySet<string>): Promise<void> {
    await this.#prepare();
    await this.#store.collect(keep);
  }

  async #buildIn(place: Workplace, request: BuildRequest): Promise<Built> {
    if ("archive" in request) return this.#buildArchive(place, request, request.archive);
    const { clock } = this.#options;
    const { progress, signal, fetched } = request;
    const archive = await fetchGit({ place, clock, limits: this.#limits, progress, fetched, signal }, request.git);
    return this.#buildArchive(place, request, archive);
  }

  async #buildArchive(place: Workplace, request: BuildRequest, archive: string): Promise<Built> {
    const { progress, signal } = request;
    progress.phase("unpack", say("unpack.unpacking"));
    const { files: unpacked } = await unpack(archive, place.source, this.#limits, signal);
    const files = "git" in request ? await withoutIgnored(place.source, unpacked) : unpacked;
    if ("git" in request) await rm(archive, { force: true });
    progress.phase("detect", say("detect.looking", { count: files.length }));
    const { plan, recipe, tools } = await understand(place.source, files, request);
    progress.phase("detect", describe(plan));
    if (recipe.kind === "image") return this.#image(place, request, plan, recipe);
    await this.#runCommands(place, request, plan.buildCommands, tools);
    progress.phase("package", say("package.storing"));
    const digest = await this.#package(place, plan, recipe, signal);
    return { plan, output: { kind: "bundle", image: `${BUNDLE_HOST}/${plan.name}@sha256:${digest}`, digest } };
  }

  async #runCommands(
    place: Workplace,
    request: BuildRequest,
    commands: string[],
    tools: Parameters<typeof requireTools>[0],
  ): Promise<void> {
    if (commands.length === 0) return;
    await requireTools(tools, place.path);
    await this.#workshop.handOver(place);
    const { signal, done } = withDeadline(request.signal, this.#options.clock, this.#limits.buildMilliseconds);
    try {
      for (const line of commands) {
        request.progress.phase("build", line);
        request.progress.log(`$ ${line}`);
        const { source: folder, env, user, marker } = place;
        await runCommand({ line, folder, env, user, marker }, (text) => request.progress.log(text), signal);
      }
    } finally {
      done();
    }
  }

  async #package(place: Workplace, plan: AppPlan, recipe: Exclude<Recipe, { kind: "image" }>, signal: AbortSignal): Promise<string> {
    const command = plan.command ?? [];
    const manifest = { schema: 1 as const, name: plan.name, command, env: recipe.env };
    const options = { limits: this.#limits, signal };
    if (recipe.kind === "site") {
      const server = await (this.#siteServer ??= loadSiteServer(this.#options.toolchain.node));
      const { publish, spa } = recipe;
      return this.#store.add(manifest, (app) => copySite({ folder: place.source, publish, spa, server }, app, options));
    }
    await relocateVenv(place.source);
    await checkEntry(place.source, command);
    return this.#store.add(manifest, (app) => copyTree(place.source, app, options));
  }

  async #image(place: Workplace, request: BuildRequest, plan: AppPlan, recipe: Extract<Recipe, { kind: "image" }>): Promise<Built> {
    const { engine, clock, random } = this.#options;
    if (engine === undefined)
      throw fault("engine_missing", `${recipe.dockerfile} needs a container engine, and none is running on this machine`);
    const { signal, done } = withDeadline(request.signal, clock, this.#limits.buildMilliseconds);
    request.progress.phase("build", say("build.dockerfile", { file: recipe.dockerfile }));
    try {
      const source = { folder: place.source, dockerfile: recipe.dockerfile, name: plan.name };
      const built = await buildImage(source, { socketPath: engine.socketPath, random, log: (line) => request.progress.log(line), signal });
      const port = recipe.portStated ? plan.port : (built.port ?? plan.port);
      return { plan: { ...plan, port }, output: { kind: "image", image: built.reference } };
    } finally {
      done();
    }
  }

  #prepare(): Promise<void> {
    this.#prepared ??= Promise.all([this.#workshop.prepare(), this.#store.prepare()]).then(
      () => {},
      (error: unknown) => {
        this.#prepared = undefined;
        throw error;
      },
    );
    return this.#prepared;
  }
}

function describe({ kind, language, detectedFrom: by }: AppPlan): Said {
  if (kind === "site") return say("detect.site", { by });
  return language === "image" ? say("detect.image", { by }) : say("detect.application", { language, by });
}
