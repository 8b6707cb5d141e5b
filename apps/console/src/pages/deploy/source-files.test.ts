import { expect, test } from "vitest";
import { archiveOf } from "./source-archive.ts";
import { chooseSource, pickedFolder } from "./source-files.ts";
import { unpackTar } from "modern-tar";

function picked(files: Record<string, string>) {
  const list = Object.entries(files).map(([path, content]) => {
    const file = new File([content], path.split("/").at(-1) ?? "", { lastModified: 1_000_000 });
    return Object.defineProperty(file, "webkitRelativePath", { value: `app/${path}` });
  });
  const folder = pickedFolder(list);
  if (!folder) throw new Error("no folder");
  return folder;
}
const paths = async (files: Record<string, string>) => (await chooseSource(picked(files))).map(({ path }) => path);

test.each<[string, Record<string, string>, string[]]>([
  ["everything in the order of names", { "b.js": "", "a/z.js": "", "a/b.js": "" }, ["a/b.js", "a/z.js", "b.js"]],
  [
    "nothing of history and of what the build installs",
    { "a.js": "", ".git/HEAD": "", "node_modules/x/i.js": "", "lib/node_modules/y.js": "" },
    ["a.js"],
  ],
  [
    "not what .gitignore names",
    { ".gitignore": "*.log\n/dist", "a.js": "", "a.log": "", "dist/b.js": "", "lib/dist/c.js": "" },
    [".gitignore", "a.js", "lib/dist/c.js"],
  ],
  [
    "a nested .gitignore's word over the one above",
    { ".gitignore": "*.log", "keep/.gitignore": "!*.log", "keep/a.log": "", "b.log": "" },
    [".gitignore", "keep/.gitignore", "keep/a.log"],
  ],
  [
    "what .ebbignore says, in place of .gitignore",
    { ".ebbignore": "secret", ".gitignore": "*.log", "a.log": "", secret: "" },
    [".gitignore", "a.log"],
  ],
])("of a folder is sent %s", async (_, files, expected) => expect(await paths(files)).toEqual(expected));

test("a folder that is left out is not read", async () => {
  const root = picked({ "a.js": "" });
  const forbidden = { kind: "folder" as const, name: "node_modules", children: () => Promise.reject(new Error("read")) };
  const children = [...(await root.children()), forbidden];
  expect(await chooseSource({ ...root, children: () => Promise.resolve(children) })).toHaveLength(1);
});

test("the archive has the files as they are, scripts executable, and tells how far it is", async () => {
  const files = await chooseSource(picked({ "bin/start": "#!/bin/sh\necho hi\n", "größe/ä.txt": "umlaut", empty: "" }));
  const told: number[] = [];
  const archive = await archiveOf(files, (bytes) => told.push(bytes), new AbortController().signal);
  const entries = await unpackTar(archive.stream().pipeThrough(new DecompressionStream("gzip")));
  expect(entries.map(({ header, data }) => [header.name, header.mode, new TextDecoder().decode(data)])).toEqual([
    ["bin/start", 0o755, "#!/bin/sh\necho hi\n"],
    ["empty", 0o644, ""],
    ["größe/ä.txt", 0o644, "umlaut"],
  ]);
  expect(told.at(-1)).toBe(files.reduce((sum, { file }) => sum + file.size, 0));
});

test("an archive that nobody wants any more is not packed to its end", async () => {
  const abort = new AbortController();
  const files = await chooseSource(picked({ "a.js": "a", "b.js": "b" }));
  const packed = archiveOf(files, () => abort.abort(new Error("enough")), abort.signal);
  await expect(packed).rejects.toThrow("enough");
});
