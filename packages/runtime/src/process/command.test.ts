import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { INSTANCE_VALUES } from "../instance-values.ts";
import type { InstanceSpec } from "../port.ts";
import { planLaunch, withPort } from "./command.ts";

const PLACEMENT = { port: 21034, home: "/i/home", temporary: "/i/tmp", toolchain: "/tools" };

function spec(changes: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    id: "a",
    workload: "default/a",
    labels: {},
    artifact: { kind: "bundle", digest: "", path: "" },
    env: {},
    port: 8080,
    protocol: "http1",
    resources: {},
    readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    terminationGraceSeconds: 1,
    ...changes,
  };
}

describe("planning a launch", () => {
  let bundle: string;
  beforeEach(async () => {
    const folder = await tempDir();
    onTestFinished(() => folder.remove());
    bundle = folder.path;
    mkdirSync(join(bundle, "app", "sub"), { recursive: true });
    writeFileSync(join(bundle, "app", "run.sh"), "#!/bin/sh\n");
    chmodSync(join(bundle, "app", "run.sh"), 0o755);
    writeFileSync(join(bundle, "app", "data.txt"), "");
    manifest({ schema: 1, name: "a", command: ["sh", "-c", "serve --port $PORT"], env: { FROM: "bundle", KEPT: "yes" } });
  });
  const manifest = (value: unknown) => writeFileSync(join(bundle, "bundle.json"), JSON.stringify(value));
  const plan = (changes: Partial<InstanceSpec> = {}) => planLaunch(spec(changes), bundle, PLACEMENT);
  const failure = (changes: Partial<InstanceSpec> = {}): unknown => {
    try {
      return plan(changes);
    } catch (error) {
      return error;
    }
  };

  it("tells it its address, which all processes share", () => {
    expect(plan({ env: { IP: INSTANCE_VALUES.address } }).env["IP"]).toBe("127.0.0.1");
  });

  it("runs the bundle's command in its folder, with an environment of its own", () => {
    expect(plan({ env: { FROM: "spec", PORT: "1", HOST: "shop.example" } })).toEqual({
      command: ["sh", "-c", "serve --port 21034"],
      cwd: join(bundle, "app"),
      env: {
        PATH: "/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/i/home",
        TMPDIR: "/i/tmp",
        LANG: "C.UTF-8",
        FROM: "spec",
        KEPT: "yes",
        HOST: "shop.example",
        PORT: "21034",
        EBB_INSTANCE: "a",
      },
    });
    expect(plan().env["HOST"]).toBe("127.0.0.1");
  });

  it("lets command replace and args follow", () => {
    expect(plan({ args: ["x"] }).command).toEqual(["sh", "-c", "serve --port 21034", "x"]);
    expect(plan({ command: ["./run.sh"], args: ["${PORT}"] }).command).toEqual(["./run.sh", "21034"]);
    expect(plan({ workingDirectory: "sub", command: ["../run.sh"] }).cwd).toBe(join(bundle, "app", "sub"));
  });

  it("replaces $PORT as a whole word only", () => {
    expect(withPort(["$PORT", "${PORT}x", "$PORTAL", "$PORT_A", "a:$PORT/b"], 80)).toEqual(["80", "80x", "$PORTAL", "$PORT_A", "a:80/b"]);
  });

  it.each([
    [{ command: ["no-such-program-anywhere"] }, "CommandNotFound"],
    [{ command: ["./missing"] }, "CommandNotFound"],
    [{ command: ["./sub"] }, "CommandNotFound"],
    [{ command: ["./data.txt"] }, "CommandNotExecutable"],
    [{ command: [""] }, "CommandMissing"],
    [{ workingDirectory: "nowhere" }, "WorkingDirMissing"],
    [{ workingDirectory: "../.." }, "WorkingDirOutside"],
    [{ workingDirectory: "/etc" }, "WorkingDirOutside"],
    [{ env: { "my.var": "1" } }, "EnvNameInvalid"],
  ])("refuses %j", (changes, code) => {
    expect(failure(changes)).toMatchObject({ kind: "user", code, hint: expect.any(String) });
  });

  it("refuses a working directory that leaves by a symbolic link", () => {
    symlinkSync("/etc", join(bundle, "app", "link"));
    expect(failure({ workingDirectory: "link" })).toMatchObject({ code: "WorkingDirOutside" });
  });

  it.each([
    ["not an object"],
    [{ schema: 2, command: [], env: {} }],
    [{ schema: 1, command: "sh", env: {} }],
    [{ schema: 1, command: ["sh"], env: { A: 1 } }],
  ])("refuses the manifest %j", (value) => {
    manifest(value);
    expect(failure()).toMatchObject({ code: "BundleInvalid" });
  });

  it("says when the bundle is gone", () => {
    bundle = join(bundle, "gone");
    expect(failure()).toMatchObject({ code: "BundleMissing" });
  });
});
