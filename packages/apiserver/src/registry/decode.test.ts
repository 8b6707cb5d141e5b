import { ConfigMaps, type OwnerReference } from "@ebb/kube";
import { expect, test } from "vitest";
import { decode } from "./decode.ts";

const owner = (uid: string): OwnerReference => ({ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid });
const decodeWith = (ownerReferences: unknown) =>
  decode(ConfigMaps, { metadata: { name: "m", ownerReferences } }, { user: { name: "t", groups: [] } }).metadata.ownerReferences;

test("of owners those are left out that are named twice in every word, also among very many", () => {
  const many = Array.from({ length: 30_000 }, (_, index) => owner(`u${index}`));
  const controller = { ...owner("u1"), controller: true };
  expect(decodeWith([...many, controller, owner("u29999"), { ...controller }])).toEqual([...many, controller]);
});
