import type { Place } from "@ebb/api";
import { getRouteApi } from "@tanstack/react-router";

const route = getRouteApi("/apps/$app/$env");

/** The app and the environment that the address names. */
export function usePlace(): Place {
  const { app, env } = route.useParams();
  return { app, env };
}
