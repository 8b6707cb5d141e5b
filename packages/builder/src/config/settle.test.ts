import { describe, expect, it } from "vitest";
import type { Detected } from "../detect/detected.ts";
import { parseConfig } from "./parse.ts";
import { appName, settle } from "./settle.ts";

const node: Detected = {
  from: "package.json",
  kind: "application",
  language: "node",
  build: ["npm ci"],
  tools: [],
  command: ["node", "a.js"],
  env: {},
};
const image: Detected = {
  from: "Dockerfile",
  kind: "application",
  language: "image",
  build: [],
  tools: [],
  env: {},
  dockerfile: "Dockerfile",
};
const plan = (text: string, found = node) => settle(parseConfig(text), found, "shop").plan;

describe("settle", () => {
  it("leaves nothing open when nothing is stated", () => {
    expect(plan("")).toEqual({
      name: "shop",
      kind: "application",
      detectedFrom: "package.json",
      language: "node",
      buildCommands: ["npm ci"],
      command: ["node", "a.js"],
      port: 8080,
      protocol: "http1",
      env: {},
      secrets: {},
      scaling: { min: 0, max: 10 },
      resources: {},
      health: {},
      timeoutSeconds: 300,
    });
  });

  it("takes what is stated, in the units of the plan", () => {
    const text = `
build: make
command: [./app, "$PORT"]
env: { A: 1, B: true }
secrets: { PGPASSWORD: DB_PASSWORD }
scaling: { min: 20, idle: 5m, target: 0.7 }
resources: { cpu: 0.5, memory: 1Gi }
health: { path: /ok, initialDelay: 1500ms, timeout: 0.2 }
timeout: 2.5s
`;
    expect(plan(text)).toMatchObject({
      buildCommands: ["make"],
      command: ["./app", "$PORT"],
      env: { A: "1", B: "true" },
      secrets: { PGPASSWORD: "DB_PASSWORD" },
      scaling: { min: 20, max: 20, idleSeconds: 300, target: 0.7 },
      resources: { cpu: "0.5", memory: "1Gi" },
      health: { path: "/ok", initialDelaySeconds: 2, timeoutSeconds: 1 },
      timeoutSeconds: 3,
    });
  });

  it("makes a site of a source whose folder is stated", () => {
    const { plan, recipe } = settle(parseConfig("publish: ./www/\nspa: true\nbuild: []"), node, "docs");
    expect(plan).toMatchObject({ kind: "site", language: "static", buildCommands: [], command: ["node", "ebb-site/main.mjs"] });
    expect(recipe).toEqual({ kind: "site", publish: ["www"], spa: true, env: {} });
  });

  it("tells apps that are to be awake before from apps that are not spoken of", () => {
    expect(plan("dependsOn: [cart]")).toMatchObject({ dependsOn: ["cart"] });
    expect(plan("dependsOn: []")).toMatchObject({ dependsOn: [] });
    expect(plan("")).not.toHaveProperty("dependsOn");
  });

  it("leaves an image its own command", () => {
    expect(plan("port: 3000", image)).not.toHaveProperty("command");
    expect(plan("command: [serve]", image)).toMatchObject({ command: ["serve"], language: "image" });
  });

  it.each([
    ["kind: site\ncommand: x", /a site has no `command`/],
    ["kind: application\npublish: dist", /`publish` is for sites/],
    ["spa: true", /`spa` is for sites/],
    ["publish: ../x", /folder of the source/],
    ["scaling: { min: 5, max: 2 }", /scaling.min \(5\) is greater/],
    ["dependsOn: [cart, shop]", /shop cannot depend on itself/],
    ["timeout: 1h", /the most is 600 seconds/],
  ])("refuses %j", (text, message) => {
    expect(() => plan(text)).toThrow(expect.objectContaining({ code: "config_invalid", message: expect.stringMatching(message) }));
  });

  it("refuses build commands beside a Dockerfile", () => {
    expect(() => plan("build: make", image)).toThrow(/Dockerfile says how to build/);
  });

  it("says what was looked for when there is no command", () => {
    const { command: _, ...rest } = node;
    expect(() => plan("", { ...rest, wanted: "scripts.start" })).toThrow(/does not say how to start.*scripts\.start/);
  });
});

describe("appName", () => {
  it.each([
    ["My Shop (v2)", "my-shop-v2"],
    ["2048-game_", "game"],
    ["Café", "cafe"],
    [`${"a".repeat(51)}-b`, "a".repeat(51)],
  ])("makes a name of %j", (folder, name) => {
    expect(appName(undefined, folder)).toBe(name);
  });

  it("refuses what is no name", () => {
    expect(() => appName("Shop", "x")).toThrow(/"Shop" is not a valid name/);
    expect(() => appName(undefined, "商店")).toThrow(/no name can be made/);
  });
});
