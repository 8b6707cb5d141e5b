import type { SecuritySpec } from "@ebb/runtime";
import { expect, test } from "vitest";
import { securityOf } from "./security.ts";

test.each<[string, Record<string, unknown> | undefined, Record<string, unknown> | undefined, SecuritySpec | undefined]>([
  ["nothing said", undefined, undefined, undefined],
  ["nothing that changes anything", { runAsNonRoot: false, readOnlyRootFilesystem: false }, {}, undefined],
  ["root is a user like any other", { runAsUser: 0 }, undefined, { user: 0 }],
  [
    "the container's own counts before the Pod's",
    { runAsUser: 1 },
    { runAsUser: 2, runAsGroup: 3, runAsNonRoot: true },
    { user: 1, group: 3, nonRoot: true },
  ],
  [
    "files and rights are the container's",
    { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    {},
    { readOnlyRoot: true, capabilities: { add: [], drop: ["ALL"] } },
  ],
])("%s", (_, own, pod, expected) => {
  const container = { image: "app", ...(own ? { securityContext: own } : {}) };
  expect(securityOf(container, pod ? { securityContext: pod } : {})).toEqual(expected);
});
