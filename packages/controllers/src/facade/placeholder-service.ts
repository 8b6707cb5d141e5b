import { CoreServices, LABELS, Routes, type ObjectView, type Route } from "@ebb/kube";
import { placeholderService } from "../route/placeholders.ts";
import { suffixed } from "./parts.ts";

/** The Service that holds a Route's name inside the cluster. One that is given a visibility of its own is stored from then on. */
export const placeholderServiceView: ObjectView<Route> = {
  kind: CoreServices,
  source: Routes,
  ...suffixed(""),
  make: (route) => placeholderService(route, route.metadata.name),
  keeps: ({ metadata }) => metadata.labels?.[LABELS.visibility] !== undefined,
};
