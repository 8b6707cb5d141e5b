import type { PodSpec } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { hostAliasesOf, resolverOf } from "./resolver.ts";

describe("how names are found", () => {
  test.each<[string, Partial<PodSpec>, object]>([
    ["nothing is said", {}, {}],
    ["the usual", { dnsPolicy: "ClusterFirst", dnsConfig: {} }, {}],
    [
      "more than the usual",
      { dnsConfig: { nameservers: ["1.1.1.1"], searches: ["a.b"], options: [{ name: "ndots", value: "2" }, { name: "edns0" }] } },
      { resolver: { base: "cluster", nameservers: ["1.1.1.1"], searches: ["a.b"], options: ["ndots:2", "edns0"] } },
    ],
    ["as the machine", { dnsPolicy: "Default" }, { resolver: { base: "machine", nameservers: [], searches: [], options: [] } }],
    [
      "nothing but what is said",
      { dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } },
      { resolver: { base: "none", nameservers: ["1.1.1.1"], searches: [], options: [] } },
    ],
    [
      "nothing at all",
      { dnsPolicy: "None" },
      {
        problem: {
          reason: "FailedCreate",
          message:
            "Pod is invalid: spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None",
        },
      },
    ],
    [
      "a policy that there is none of",
      { dnsPolicy: "Mine" },
      {
        problem: {
          reason: "FailedCreate",
          message:
            'Pod is invalid: spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
        },
      },
    ],
  ])("%s", (_, spec, expected) => expect(resolverOf({ containers: [], ...spec })).toEqual(expected));

  test("names of the Pod's own", () => {
    expect(hostAliasesOf({ containers: [], hostAliases: [{ ip: "10.1.2.3", hostnames: ["a", "b"] }, { ip: "10.1.2.4" }] })).toEqual([
      { name: "a", address: "10.1.2.3" },
      { name: "b", address: "10.1.2.3" },
    ]);
  });
});
