import type {
  CreateGitCredential,
  DeployGit,
  GitCredential,
  GitSettings,
  HookAnswer,
  Operation,
  PatchGitSettings,
  PutRepository,
  Repository,
} from "@ebb/api";
import type { Random } from "@ebb/base";
import { getApp } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { Deps, DeployRequest } from "../deploy/context.ts";
import { getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { listCredentials, makeCredential, storeCredential, viewCredential } from "../git/credentials.ts";
import {
  emptyRepository,
  findRepository,
  getRepository,
  putRepository,
  rulesOf,
  viewRepository,
  type RepositoryRow,
} from "../git/repositories.ts";
import { readGitSettings, writeGitSettings } from "../git/settings.ts";
import { checkAddress } from "../git/source.ts";
import { checkAllow } from "../git/targets.ts";
import { checkFolder, checkRef } from "../git/url.ts";
import type { GitApi, HookDelivery } from "../http/port.ts";
import { getTeam } from "../teams/store.ts";
import { scopeOf } from "./facts.ts";
import type { EnvironmentDeps } from "./environments.ts";
import { hookSecret, receivePush, sealHookSecret } from "./git-hook.ts";
import type { Places } from "./places.ts";

const ID_LENGTH = 10;
const MOST_CREDENTIALS = 50;

export interface GitOptions {
  deps: Deps;
  environments: EnvironmentDeps;
  places: Places;
  random: Random;
}

/** Source from Git: what people may ask; what comes of it is the operations'. */
export class GitService implements GitApi {
  readonly #options: GitOptions;
  readonly #deps: Deps;

  constructor(options: GitOptions) {
    this.#options = options;
    this.#deps = options.deps;
  }

  /** Throws `git_url_invalid`, `git_target_refused`, `repository_not_linked` and what a deployment of an image does. */
  async deploy(body: DeployGit, user: string): Promise<Operation> {
    const { db } = this.#deps;
    const { places } = this.#options;
    const { name, ref = "", noTraffic = false } = body;
    const linked = body.url === undefined ? await getRepository(db, name) : undefined;
    const { url } = await checkAddress(db, body.url ?? linked?.url ?? "");
    const git = { url, ref: checkRef(ref), folder: checkFolder(body.folder ?? linked?.folder ?? "") };
    const environment = await places.target(name, body);
    await places.ensure(name, environment);
    const request: DeployRequest = { git, noTraffic };
    return places.submit("deploy", { ...scopeOf(environment, name), request, user });
  }

  async get(app: string, origin: string): Promise<Repository> {
    await getApp(this.#deps.db, app);
    return viewRepository((await findRepository(this.#deps.db, app)) ?? emptyRepository(app), hookUrl(origin, app));
  }

  async put(app: string, body: PutRepository, by: { user: string; origin: string }): Promise<Repository> {
    const { db, clock } = this.#deps;
    const { team } = await getApp(db, app);
    const { url } = await checkAddress(db, body.url);
    for (const { environment } of body.rules ?? []) await getEnvironment(db, team, environment);
    const present = await findRepository(db, app);
    const row: RepositoryRow = {
      ...(present ?? emptyRepository(app)),
      url,
      ...(body.folder === undefined ? {} : { folder: checkFolder(body.folder) }),
      ...(body.rules === undefined ? {} : { rules_json: JSON.stringify(body.rules) }),
      ...(body.previewHours === undefined ? {} : { preview_hours: body.previewHours }),
      updated_at: clock.now(),
      updated_by: by.user,
    };
    await db.transaction().execute(async (transaction) => {
      await putRepository(transaction, row);
      const change = changed(present ? told(present) : {}, told(row));
      await record(transaction, clock.now(), { action: "repository.linked", object: `app/${app}`, team, ...change });
    });
    return viewRepository(row, hookUrl(by.origin, app));
  }

  async remove(app: string): Promise<void> {
    const { db, clock } = this.#deps;
    const { team } = await getApp(db, app);
    const row = await getRepository(db, app);
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("repositories").where("app", "=", app).execute();
      await record(transaction, clock.now(), { action: "repository.unlinked", object: `app/${app}`, team, before: told(row) });
    });
  }

  async renewHook(app: string, origin: string): Promise<{ url: string; secret: string }> {
    const { db, vault, clock } = this.#deps;
    const { team } = await getApp(db, app);
    await getRepository(db, app);
    const secret = this.#options.random.token();
    const hook_sealed = await sealHookSecret(vault, { team, app, secret });
    await db.transaction().execute(async (transaction) => {
      await transaction.updateTable("repositories").set({ hook_sealed, hook_at: clock.now() }).where("app", "=", app).execute();
      await record(transaction, clock.now(), { action: "repository.hook", object: `app/${app}`, team, after: { secret: "set anew" } });
    });
    return { url: hookUrl(origin, app), secret };
  }

  /** Throws `hook_refused`, alike for an app that is not there and for a signature that is not right. */
  async receive(app: string, delivery: HookDelivery): Promise<HookAnswer> {
    const { db, vault } = this.#deps;
    const row = await findRepository(db, app);
    const known = row && (await hookSecret(vault, (await getApp(db, app)).team, row));
    return receivePush({ ...this.#options, deploy: (body, user) => this.deploy(body, user) }, row, known, delivery);
  }

  async credentials(team: string): Promise<GitCredential[]> {
    await getTeam(this.#deps.db, team);
    return (await listCredentials(this.#deps.db, team)).map(viewCredential);
  }

  async addCredential(team: string, body: CreateGitCredential, user: string): Promise<GitCredential> {
    const { db, vault, clock } = this.#deps;
    await getTeam(db, team);
    if ((await listCredentials(db, team)).length >= MOST_CREDENTIALS) {
      throw refuse("git_credential_invalid", `The team ${team} has ${MOST_CREDENTIALS} credentials already`, { hint: "Delete one." });
    }
    const about = { id: this.#options.random.suffix(ID_LENGTH), team, created_at: clock.now(), created_by: user };
    const row = await makeCredential(vault, about, body);
    await db.transaction().execute(async (transaction) => {
      await storeCredential(transaction, row);
      const after = { prefix: row.prefix, kind: row.kind };
      await record(transaction, clock.now(), { action: "git-credential.set", object: `team/${team}`, team, after });
    });
    return viewCredential(row);
  }

  async removeCredential(team: string, id: string): Promise<void> {
    const { db, clock } = this.#deps;
    const row = (await listCredentials(db, team)).find((each) => each.id === id);
    if (!row) {
      throw refuse("git_credential_not_found", `The team ${team} has no credentials ${id}`, {
        hint: `List them with: ebb repo keys --team ${team}.`,
      });
    }
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("git_credentials").where("id", "=", id).where("team", "=", team).execute();
      const before = { prefix: row.prefix, kind: row.kind };
      await record(transaction, clock.now(), { action: "git-credential.deleted", object: `team/${team}`, team, before });
    });
  }

  settings(): Promise<GitSettings> {
    return readGitSettings(this.#deps.db);
  }

  async patchSettings({ publicServers, allow }: PatchGitSettings): Promise<GitSettings> {
    const { db, clock } = this.#deps;
    return db.transaction().execute(async (transaction) => {
      const before = await readGitSettings(transaction);
      const after = { publicServers: publicServers ?? before.publicServers, allow: allow ? checkAllow(allow) : before.allow };
      await writeGitSettings(transaction, after);
      await record(transaction, clock.now(), { action: "git-settings.changed", object: "platform", ...changed(before, after) });
      return after;
    });
  }
}

function told(row: RepositoryRow): object {
  return { url: row.url, folder: row.folder, rules: rulesOf(row), previewHours: row.preview_hours };
}

function hookUrl(origin: string, app: string): string {
  return `${origin}/api/v1/hooks/git/${app}`;
}
