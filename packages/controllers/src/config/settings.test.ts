import { silentLogger } from "@ebb/base";
import { SERVING_NAMESPACE, type ConfigMap, type Informer, type InformerEvent } from "@ebb/kube";
import { expect, test } from "vitest";
import { Settings } from "./settings.ts";

const HOSTS = "{{.Name}}.{{.Domain}}";

function started(data: Record<string, string>) {
  let tell: (event: InformerEvent<ConfigMap>) => void = () => undefined;
  const map = (given: Record<string, string>) =>
    ({ metadata: { name: "config-network", namespace: SERVING_NAMESPACE }, data: given }) as unknown as ConfigMap;
  const settings = new Settings(
    { onChange: (listener: typeof tell) => void (tell = listener) } as unknown as Informer<ConfigMap>,
    silentLogger,
  );
  const faults: string[] = [];
  settings.invalid.on(({ message }) => faults.push(message));
  tell({ type: "added", object: map(data) });
  return { settings, faults, change: (now: Record<string, string>) => tell({ type: "updated", object: map(now), old: map(data) }) };
}
const hostOf = (settings: Settings) => settings.current.network.domainTemplate({ Name: "a", Namespace: "b", Domain: "c.d" });

test("of a map that an older Ebb admitted, a key that cannot be read costs that key alone", () => {
  const { settings, faults } = started({ "domain-template": HOSTS, "rollout-duration": "1m" });
  expect(hostOf(settings)).toBe("a.c.d");
  expect(settings.current.network.rolloutSeconds).toBe(0);
  expect(faults).toEqual([expect.stringContaining("rollout-duration")]);
});

test("later, what cannot be read leaves what was in force", () => {
  const { settings, change, faults } = started({ "domain-template": HOSTS, "rollout-duration": "60" });
  change({ "rollout-duration": "1m" });
  expect(hostOf(settings)).toBe("a.c.d");
  expect(settings.current.network.rolloutSeconds).toBe(60);
  expect(faults).toHaveLength(1);
  change({ "rollout-duration": "30" });
  expect(hostOf(settings)).toBe("a.b.c.d");
});
