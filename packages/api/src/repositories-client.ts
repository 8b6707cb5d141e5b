import type { CallOptions } from "./place-client.ts";
import type {
  CreateGitCredential,
  DeployGit,
  GitCredential,
  GitSettings,
  PatchGitSettings,
  PutRepository,
  Repository,
  RepositoryHook,
} from "./repositories.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Operation, Revised } from "./schemas.ts";
import type { Send, SendOptions } from "./transport.ts";

/** Source from Git: deployments, the repositories of apps, and what teams read them with. */
export function repositoryCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const of = (app: string, rest = "") => `/apps/${encodeURIComponent(app)}/repository${rest}`;
  const credentials = (team: string, rest = "") => `/teams/${encodeURIComponent(team)}/git-credentials${rest}`;

  return {
    deployGit: (body: DeployGit, on?: ChangeOptions) => json<Operation>("POST", "/deployments/git", { json: body, ...changing(on) }),
    /** With an empty `url`, where the app has none. */
    getRepository: (app: string, call?: CallOptions) => json<Revised<Repository>>("GET", of(app), call),
    putRepository: (app: string, body: PutRepository, on?: ChangeOptions) =>
      json<Revised<Repository>>("PUT", of(app), { json: body, ...changing(on) }),
    deleteRepository: async (app: string): Promise<void> => {
      await send("DELETE", of(app));
    },
    /** A new secret for its webhook; the one before is good no more. */
    createRepositoryHook: (app: string) => json<RepositoryHook>("POST", of(app, "/hook"), { json: {} }),
    listGitCredentials: async (team: string, call?: CallOptions) =>
      (await json<{ items: GitCredential[] }>("GET", credentials(team), call)).items,
    createGitCredential: (team: string, body: CreateGitCredential) => json<GitCredential>("POST", credentials(team), { json: body }),
    deleteGitCredential: async (team: string, id: string): Promise<void> => {
      await send("DELETE", credentials(team, `/${encodeURIComponent(id)}`));
    },
    getGitSettings: (call?: CallOptions) => json<Revised<GitSettings>>("GET", "/git-settings", call),
    patchGitSettings: (body: PatchGitSettings, on?: ChangeOptions) =>
      json<Revised<GitSettings>>("PATCH", "/git-settings", { json: body, ...changing(on) }),
  };
}
