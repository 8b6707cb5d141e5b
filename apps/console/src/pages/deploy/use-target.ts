import type { App, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { appsQuery, teamsQuery } from "../../api/queries.ts";
import { isBadName } from "./app-name-field.tsx";
import type { Where } from "./where-fields.tsx";

/** What a deployment is to be called and where it goes: the same for all sources, so that whoever chooses another one types nothing again. */
export interface Target {
  /** Null: as the source suggests. */
  name: string | null;
  where: Where;
}

export interface FormProps {
  target: Target;
  onTarget: (target: Target) => void;
}

export interface Found {
  /** What was typed, else what the source suggests; empty: nothing. */
  name: string;
  /** No app can be called so; nothing is looked up then. */
  badName: boolean;
  /** Where it goes; null while that cannot be said. */
  place: Place | null;
  /** The app of that name, in whichever environments it is; undefined: it is a new one. */
  app: App | undefined;
  /** Whether it is in that environment already. */
  there: boolean;
  /** What the platform is told of that: an app that is there is of its own team, whatever was chosen before it was named. */
  where: Where;
}

/** Where a deployment goes, by the platform's own rules: the app's team, that team's first environment. */
export function useTarget({ name: typed, where }: Target, suggested: string): Found {
  const name = typed ?? suggested;
  const badName = isBadName(name);
  const apps = useQuery(appsQuery).data;
  const teams = useQuery(teamsQuery).data;
  const app = badName ? undefined : apps?.find((each) => each.name === name);
  const home = teams?.find((each) => each.name === (app?.team ?? where.team)) ?? teams?.[0];
  const env = where.environment ?? home?.environments[0];
  if (name === "" || badName || apps === undefined || env === undefined)
    return { name, badName, place: null, app: undefined, there: false, where };
  const { team: _, ...rest } = where;
  const there = app?.environments.some((each) => each.environment === env) === true;
  return { name, badName, place: { app: name, env }, app, there, where: app === undefined ? where : rest };
}
