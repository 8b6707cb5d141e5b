import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";

/** With an empty `url`, where the app has none. */
export const repositoryQuery = (app: string) =>
  queryOptions({ queryKey: [...keys.app(app), "repository"], queryFn: ({ signal }) => client.getRepository(app, { signal }) });

/** What the form of an app's metadata is begun on. */
export const appSettingsQuery = (app: string) =>
  queryOptions({ queryKey: [...keys.app(app), "settings"], queryFn: ({ signal }) => client.getApp(app, { signal }) });
