import { getRouteApi } from "@tanstack/react-router";

const route = getRouteApi("/apps/$app");

/** The app that the address names. */
export function useAppName(): string {
  return route.useParams().app;
}
