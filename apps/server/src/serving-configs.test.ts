import { checkServingConfig } from "@ebb/controllers";
import { admit, ConfigMaps } from "@ebb/kube";
import { expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { servingConfigs } from "./serving-configs.ts";

const maps = servingConfigs(parseConfig(["--cluster-name", "x", "--base-domain", "example.org"], {}));

test.each(maps.map((map) => [map.metadata.name, map] as const))(
  "%s is read by the cluster, as it is and with its examples",
  (name, map) => {
    expect(admit(ConfigMaps, map, { user: "ann", configCheck: checkServingConfig })).toEqual(map);
    const { _example = "", ...data } = map.data ?? {};
    const examples = [..._example.matchAll(/^([^#:\n]+): (".*")$/gm)].map(([, key, value = ""]) => [key, JSON.parse(value)]);
    expect(examples.length).toBeGreaterThan(0);
    expect(checkServingConfig(name, { ...Object.fromEntries(examples), ...data })).toBe(true);
  },
);

test("an edit in the example block is refused in upstream's words", () => {
  const [map] = maps;
  const edited = { ...map, data: { ...map?.data, _example: "stable-window: 1s" } } as (typeof maps)[number];
  expect(() => admit(ConfigMaps, edited, { user: "ann", configCheck: checkServingConfig })).toThrow(
    'admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed: the update modifies a key in "_example" which is probably not what you want.',
  );
});

test("what is set beside the examples: hosts", () => {
  const set = maps.map(({ metadata, data: { _example, ...data } = {} }) => [metadata.name, data]);
  expect(Object.fromEntries(set)).toEqual({
    ...Object.fromEntries(maps.map(({ metadata }) => [metadata.name, {}])),
    "config-domain": { "sls-x.example.org": "" },
    "config-network": { "domain-template": expect.any(String), "tag-template": "{{.Tag}}-{{.Name}}" },
  });
});
