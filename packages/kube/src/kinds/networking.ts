import { define } from "./kind.ts";

export const EndpointSlices = define({
  group: "discovery.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "EndpointSlice",
  plural: "endpointslices",
});
