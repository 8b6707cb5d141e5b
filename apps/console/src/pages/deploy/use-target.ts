import type { App, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { appsQuery, teamsQuery } from "../../api/queries.ts";
import type { Where } from "./where-fields.tsx";

/** What a deployment is to be called and where it goes: the same for all sources, so that whoever chooses another one types nothing again. */
export interface Target {
  /** Null: as the source suggests. */
  name: string | null;
  where: Where;
}

export interface Found {
  /** Where it goes; null while that cannot be said. */
  place: Place | null;
  /** The app of that name, in whichever environments it is; undefined: it is a new one. */
  app: App | undefined;
  /** Whether it is in that environment already. */
  there: boolean;
  /** What the platform is told of that: an app that is there is of its own team, whatever was chosen before it was named. */
  where: Where;
}

/** Where a deployment of this name goes, by the platform's own rules: the app's team, that team's first environment. */
export function useTarget(name: string, where: Where): Found {
  const apps = useQuery(appsQuery).data;
  const teams = useQuery(teamsQuery).data;
  const app = apps?.find((each) => each.name === name);
  const home = teams?.find((each) => each.name === (app?.team ?? where.team)) ?? teams?.[0];
  const env = where.environment ?? home?.environments[0];
  if (name === "" || apps === undefined || env === undefined) return { place: null, app: undefined, there: false, where };
  const { team: _, ...rest } = where;
  const there = app?.environments.some((each) => each.environment === env) === true;
  return { place: { app: name, env }, app, there, where: app === undefined ? where : rest };
}
