import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { archiveOf } from "./archive.ts";
import { IgnoreRules } from "@ebb/api/ignore-rules";
import { walkSource } from "./walk.ts";

async function tree(files: Record<string, string>): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

const packed = async (root: string) =>
  (await walkSource(root)).entries.filter((entry) => entry.kind !== "folder").map((entry) => entry.path);

test("ignore files mean what git means by them, in nested folders too", async () => {
  const ignoreFiles = {
    ".gitignore": "*.log\n/build/\n# note\n!keep.log\n\\#hash\nlogs/**/debug\n*.tmp  \n",
    "web/.gitignore": "!wanted.log\n/only-here\ndeep/file\nspace\\ name\n*.map\r\n",
    "we[i]rd/.gitignore": "secret\n",
  };
  const files = [
    "a.log keep.log build/out sub/build/out #hash logs/x/debug logs/debug a.tmp web/wanted.log web/other.log web/only-here",
    "web/sub/only-here web/deep/file web/sub/deep/file web/sub/app.map app.map we[i]rd/secret weird/secret we[i]rd/sub/secret src/index.ts",
  ].flatMap((line) => line.split(" "));
  const root = await tree({ ...ignoreFiles, ...Object.fromEntries([...files, "web/space name"].map((name) => [name, "x"])) });
  // The judge is git itself.
  execFileSync("git", ["init", "-q"], { cwd: root });
  const expected = execFileSync("git", ["ls-files", "-z", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter(Boolean);
  expect((await packed(root)).sort()).toEqual(expected.sort());
});

test("what lies in an ignored folder cannot be brought back", () => {
  const rules = new IgnoreRules();
  rules.add("", "out/\n");
  rules.add("out", "!file\n");
  expect(rules.ignores("out", true)).toBe(true);
  expect(rules.ignores("out/file", false)).toBe(true);
});

test(".ebbignore replaces .gitignore; .git and node_modules are never sent", async () => {
  const root = await tree({
    ".gitignore": "dist\n",
    ".ebbignore": "tests\n",
    "dist/app.js": "",
    "tests/a": "",
    ".git/config": "",
    "sub/node_modules/x": "",
    "a.js": "",
  });
  expect(await packed(root)).toEqual([".gitignore", "a.js", "dist/app.js"]);
});

test("links are kept as links; those that lead out are refused, however they do it", async () => {
  const root = await tree({ "real/file": "x", "inner/a": "" });
  await symlink("real/file", join(root, "link"));
  await symlink("missing", join(root, "dangling"));
  const listing = (await walkSource(root)).entries.filter((entry) => entry.kind === "link");
  expect(listing.map(({ path, target }) => [path, target])).toEqual([
    ["dangling", "missing"],
    ["link", "real/file"],
  ]);
  for (const target of ["/etc/passwd", "../outside", "real/../../outside", join(root, "real")]) {
    const other = await tree({ a: "" });
    await symlink(target, join(other, "out"));
    await expect(walkSource(other), target).rejects.toThrow("out is a link that leads out of the folder");
  }
  // By its words it stays inside; through another link it does not.
  const chained = await tree({ ".gitignore": "door\n", a: "" });
  await symlink("/etc", join(chained, "door"));
  await symlink("door/passwd", join(chained, "in"));
  await expect(walkSource(chained)).rejects.toThrow("in is a link that leads out");
});

test("sockets and pipes are left out with a warning; a name that is not UTF-8 is refused", async () => {
  const root = await tree({ a: "" });
  execFileSync("mkfifo", [join(root, "pipe")]);
  const server = createServer().listen(join(root, "sock"));
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { warnings } = await walkSource(root);
  expect(warnings).toEqual(["pipe is left out: a named pipe cannot be deployed", "sock is left out: a socket cannot be deployed"]);
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]), "");
  await expect(walkSource(root)).rejects.toThrow("not UTF-8");
});

test("the archive is the same for the same folder, and tar reads it back with modes, links, times and long names", async () => {
  const long = `${"d".repeat(120)}/${"é".repeat(60)}`;
  const root = await tree({ "b/2": "two", "b/1": "", a: "x".repeat(200_000), [long]: "long", "@at": "" });
  await chmod(join(root, "a"), 0o755);
  await symlink("b/2", join(root, "link"));
  await utimes(join(root, "a"), 1_700_000_000, 1_700_000_000);
  const bytes = await buffer(archiveOf(await walkSource(root)));
  expect(await buffer(archiveOf(await walkSource(root)))).toEqual(bytes);

  const target = await tree({});
  execFileSync("tar", ["xzpf", "-", "-C", target], { input: bytes });
  expect(execFileSync("diff", ["-r", "--no-dereference", root, target], { encoding: "utf8" })).toBe("");
  const facts = (folder: string) =>
    execFileSync("find", [".", "-mindepth", "1", "-printf", "%P %y %m %l\n"], { cwd: folder, encoding: "utf8" }).split("\n").sort();
  expect(facts(target)).toEqual(facts(root));
  expect(execFileSync("stat", ["-c", "%Y", "a"], { cwd: target, encoding: "utf8" })).toBe("1700000000\n");
  const names = execFileSync("tar", ["tzf", "-"], { input: bytes, encoding: "utf8" }).split("\n");
  expect(names.slice(0, 5)).toEqual(["@at", "a", "b/", "b/1", "b/2"]);
});

test("a file that changes size after it was listed fails the archive", async () => {
  const root = await tree({ a: "12345" });
  const listed = await walkSource(root);
  await truncate(join(root, "a"), 3);
  await expect(buffer(archiveOf(listed))).rejects.toThrow("a changed while it was packed");
});

test("an archive that nobody reads to its end is given up", async () => {
  const root = await tree({ a: "x", b: "y" });
  await truncate(join(root, "a"), 50_000_000);
  const stream = archiveOf(await walkSource(root));
  await new Promise((resolve) => stream.once("readable", resolve));
  stream.destroy();
  await new Promise((resolve) => stream.once("close", resolve));
});
