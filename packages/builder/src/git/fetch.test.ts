import { spawn } from "node:child_process";
import { readdir, readFile, symlink } from "node:fs/promises";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, startGitServer, tempDir, type GitRepository, type GitServer } from "@ebb/testkit";
import { Server as SshServer } from "ssh2";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createBuilder } from "../builder.ts";
import { DEFAULT_LIMITS, type BuildLimits } from "../limits.ts";
import { fingerprintOf, generateDeployKey, hostKeys, readDeployKey } from "./deploy-key.ts";
import type { GitCommit, GitCredential, GitSource } from "./source.ts";
import { gitCode } from "./trouble.ts";

const SITE = { "index.html": "<p>hello</p>" };
let server: GitServer;
let shop: GitRepository;
let first = "";
let second = "";

beforeAll(async () => {
  server = await startGitServer();
  shop = await server.repository("shop");
  first = await shop.commit("First", {
    ...SITE,
    "services/api/index.html": "api",
    "secret.txt": "x",
    ".gitattributes": "index.html export-ignore\n",
  });
  await shop.git("tag", "-a", "v1", "-m", "The first");
  await shop.git("push", "-q", shop.bare, "v1");
  second = await shop.commit("Second: hello again\n\nAt length.", { "index.html": "<p>again</p>" });
  await shop.commit("A branch", { "index.html": "<p>branch</p>" }, "feature/login");
});
afterAll(() => server.close());
beforeEach(() => {
  server.login = undefined;
  server.intercept = undefined;
  server.requests.length = 0;
});

async function workshop(limits: Partial<BuildLimits> = {}) {
  const folder = await tempDir("ebb-builder-git-");
  onTestFinished(folder.remove);
  const lines: string[] = [];
  const phases: string[] = [];
  const builder = createBuilder({
    bundlesRoot: join(folder.path, "bundles"),
    workRoot: join(folder.path, "work"),
    toolchain: { node: process.execPath },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    env: process.env,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  const commits: GitCommit[] = [];
  const build = (git: Partial<GitSource> = {}, signal = new AbortController().signal) =>
    builder.build({
      fetched: (commit) => Promise.resolve(void commits.push(commit)),
      git: { url: `${server.url}/shop.git`, ref: "", folder: "", address: "127.0.0.1", credential: undefined, ...git },
      defaultName: "shop",
      progress: {
        phase: (name, message) => void phases.push(`${name}: ${typeof message === "string" ? message : message.words}`),
        log: (line) => void lines.push(line),
      },
      signal,
    });
  /** The page that was built. */
  const page = async (git?: Partial<GitSource>) => {
    const { output } = await build(git);
    const commit = commits.at(-1);
    if (output.kind !== "bundle") throw new Error("expected a bundle");
    const site = join(folder.path, "bundles", "sha256", output.digest, "app");
    const found = (await readdir(site, { recursive: true })).find((path) => path.endsWith("index.html") && !path.includes("services"));
    return { text: await readFile(join(site, found ?? ""), "utf8"), commit, digest: output.digest };
  };
  return { build, page, lines, phases, work: join(folder.path, "work", "work") };
}

describe("a source from Git", () => {
  it("is fetched as it is at a branch, a tag or a commit, and the version knows which commit that was", async () => {
    const { page, phases, work } = await workshop();
    expect(await page()).toMatchObject({ text: "<p>again</p>", commit: { id: second, author: "Ann", message: "Second: hello again" } });
    expect(phases.map((phase) => phase.split(":")[0])).toEqual(["clone", "clone", "unpack", "detect", "detect", "package"]);
    expect(phases[1]).toBe(`clone: ${second.slice(0, 12)} Second: hello again`);
    expect(await page({ ref: "feature/login" })).toMatchObject({ text: "<p>branch</p>", commit: { message: "A branch" } });
    expect(await page({ ref: "v1" })).toMatchObject({ text: "<p>hello</p>", commit: { id: first } });
    expect(await page({ ref: first })).toMatchObject({ text: "<p>hello</p>", commit: { id: first } });
    expect(await page({ ref: "feature/login", commit: first })).toMatchObject({ text: "<p>hello</p>", commit: { id: first } });
    expect(await page({ folder: "services/api" })).toMatchObject({ text: "api", commit: { id: second } });
    expect(await readdir(work)).toEqual([]);
  });

  it("says what is wrong: each trouble has its code", async () => {
    const { build } = await workshop();
    const closed = { url: "http://127.0.0.1:9/shop.git" };
    await expect(build({ ref: "nowhere" })).rejects.toMatchObject({ code: "git_ref_not_found" });
    await expect(build({ ref: "--upload-pack=/bin/true" })).rejects.toMatchObject({ code: expect.stringMatching(/^git_/) as unknown });
    await expect(build({ folder: "services/none" })).rejects.toMatchObject({ code: "git_folder_missing" });
    await expect(build({ folder: "index.html" })).rejects.toMatchObject({ code: "git_folder_missing" });
    await expect(build({ url: `${server.url}/none.git` })).rejects.toMatchObject({ code: "git_not_found" });
    await expect(build(closed)).rejects.toMatchObject({ code: "git_unreachable" });
    server.intercept = (_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere.git/info/refs" }).end();
      return Promise.resolve(true);
    };
    await expect(build()).rejects.toMatchObject({ code: "git_redirected" });
  });

  it("goes to the address that was checked, whatever the name says", async () => {
    const { page } = await workshop();
    // Names below .invalid lead nowhere (RFC 6761).
    expect(await page({ url: `http://git.invalid:${server.port}/shop.git` })).toMatchObject({ commit: { id: second } });
  });

  it("gives a token to its server alone, and shows it nowhere", async () => {
    const { build, page, lines, work } = await workshop();
    server.login = "bot:s3cret-token";
    await expect(build()).rejects.toMatchObject({ code: "git_refused" });
    const credential: GitCredential = { kind: "token", user: "bot", secret: "s3cret-token" };
    let seen = "";
    server.intercept = async () => {
      // While git runs: what anybody on the machine can read of its processes.
      for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        seen += await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      }
      return false;
    };
    expect(await page({ credential })).toMatchObject({ commit: { id: second } });
    expect(seen).toContain("fetch");
    await expect(build({ credential: { ...credential, secret: "wr0ng-token" } })).rejects.toMatchObject({ code: "git_refused" });
    expect(seen + lines.join("\n")).not.toMatch(/s3cret-token|wr0ng-token/);
    expect(await readdir(work)).toEqual([]);
  });

  it("is not fetched any further once the build is cancelled, has no time left, or is larger than source is", async () => {
    const { build, work } = await workshop({ fetchMilliseconds: 300 });
    server.intercept = () => new Promise(() => {});
    await expect(build()).rejects.toMatchObject({ code: "git_timeout" });
    const slow = await workshop();
    const cancel = new AbortController();
    const building = slow.build({}, cancel.signal);
    await eventually(() => server.requests.length > 1);
    cancel.abort(new Error("cancelled"));
    await expect(building).rejects.toThrow("cancelled");
    expect([await readdir(work), await readdir(slow.work)]).toEqual([[], []]);
    server.intercept = undefined;
    const big = await server.repository("big");
    await big.commit("Noise", { "index.html": Array.from({ length: 40_000 }, () => Math.random().toString(36)).join("") });
    const small = await workshop({ unpackedBytes: 64 * 1024 });
    await expect(small.build({ url: `${server.url}/big.git` })).rejects.toMatchObject({ code: "git_too_large" });
  });

  it("runs no hook or filter of the repository, and says what is elsewhere", async () => {
    const odd = await server.repository("odd");
    await odd.git("submodule", "add", "-q", shop.bare, "vendored");
    await odd.commit("Odd", {
      ...SITE,
      ".gitattributes": "*.bin filter=lfs\n",
      "a.bin": "version https://git-lfs.github.com/spec/v1\n",
      ".ebbignore": "notes\n",
      notes: "x",
    });
    const { page, lines } = await workshop();
    expect(await page({ url: `${server.url}/odd.git` })).toMatchObject({ text: "<p>hello</p>" });
    expect(lines.join("\n")).toMatch(/Submodules are not fetched[\s\S]*Git LFS are not fetched/);
    const bad = await server.repository("bad");
    await bad.commit("Nothing", SITE);
    await symlink("/etc/passwd", join(bad.bare, "../work/bad/passwd"));
    await bad.commit("A link out of it", {});
    await expect((await workshop()).build({ url: `${server.url}/bad.git` })).rejects.toMatchObject({ code: "archive_link_unsafe" });
  });
});

/** An SSH server that lets one key in, with git behind it. */
async function sshServer(publicKey: string) {
  const host = generateDeployKey("host");
  const asked: string[] = [];
  const ssh = new SshServer({ hostKeys: [host.key] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (attempt) => {
      const ours = attempt.method === "publickey" && attempt.key.data.toString("base64") === publicKey.split(" ")[1];
      if (ours) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    client.on("ready", () =>
      client.on("session", (accept) =>
        accept().on("exec", (accepted, _, { command }) => {
          asked.push(command);
          const path = /^git-upload-pack '(.*)'$/.exec(command)?.[1] ?? "";
          const stream = accepted();
          const child = spawn("git", ["-c", "safe.directory=*", "upload-pack", join(shop.bare, "..", path)]);
          stream.pipe(child.stdin);
          child.stdin.on("error", () => {});
          child.stdout.pipe(stream, { end: false });
          child.stderr.pipe(stream.stderr);
          child.on("close", (code) => {
            stream.exit(code ?? 1);
            stream.end();
          });
        }),
      ),
    );
  });
  ssh.listen(0, "127.0.0.1");
  await once(ssh, "listening");
  onTestFinished(() => void ssh.close());
  return { port: (ssh.address() as AddressInfo).port, hostKey: host.publicKey.split(" ").slice(0, 2).join(" "), asked };
}

describe("a source over SSH", () => {
  it("is fetched with a deploy key, from a server that shows the key that is known, or whose key is then known", async () => {
    const key = generateDeployKey("ebb");
    const { port, hostKey, asked } = await sshServer(key.publicKey);
    const { page, build, lines } = await workshop();
    const url = `ssh://git@git.invalid:${port}/shop.git`;
    const credential = { kind: "ssh", key: key.key, knownHosts: "" } as const;
    expect(await page({ url, credential })).toMatchObject({ commit: { id: second, hostKey } });
    expect((await page({ url, credential: { ...credential, knownHosts: `git.invalid ${hostKey}` } })).commit).not.toHaveProperty("hostKey");
    expect(asked).toEqual(["git-upload-pack '/shop.git'", "git-upload-pack '/shop.git'"]);
    const other = { ...credential, knownHosts: generateDeployKey("other").publicKey };
    await expect(build({ url, credential: other })).rejects.toMatchObject({
      code: "git_host_key",
      message: expect.stringContaining("another host key") as unknown,
    });
    const stranger = { ...credential, key: generateDeployKey("stranger").key };
    await expect(build({ url, credential: stranger })).rejects.toMatchObject({ code: "git_refused" });
    await expect(build({ url: `ssh://git@git.invalid:${port}/none.git`, credential })).rejects.toMatchObject({ code: "git_not_found" });
    expect(lines.join("\n")).not.toContain("PRIVATE KEY");
  });
});

it("a deploy key has a public half and a print; what is none is told", () => {
  const { key, publicKey } = generateDeployKey("ebb");
  expect(readDeployKey(key)?.publicKey).toBe(publicKey.split(" ").slice(0, 2).join(" "));
  expect(readDeployKey("no key")).toBeUndefined();
  expect(readDeployKey(publicKey)).toBeUndefined();
  expect(fingerprintOf(publicKey)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(hostKeys(`# by hand\ngithub.com ${publicKey}\n`)).toEqual([{ type: "ssh-ed25519", key: publicKey.split(" ")[1] }]);
  expect(hostKeys("github.com whatever")).toBeUndefined();
});

describe("what git says", () => {
  it.each([
    ["fatal: couldn't find remote ref nowhere", "git_ref_not_found"],
    ["fatal: unable to access 'https://x/': Could not resolve host: x", "git_unreachable"],
    ["fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", "git_unreachable"],
    ["remote: Repository not found.", "git_not_found"],
    ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", "git_refused"],
    ["fatal: write error: File too large", "git_too_large"],
    ["fatal: something else", "git_failed"],
  ])("%s: %s", (line, code) => {
    expect(gitCode([line])).toBe(code);
  });
});
