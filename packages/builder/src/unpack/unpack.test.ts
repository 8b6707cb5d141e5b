import { mkdir, readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tempDir } from "@ebb/testkit";
import { Header } from "tar";
import { describe, expect, it, onTestFinished } from "vitest";
import { DEFAULT_LIMITS, type BuildLimits } from "../limits.ts";
import { unpack } from "./unpack.ts";

interface Entry {
  path: string | Buffer;
  type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO";
  linkpath?: string;
  mode?: number;
  content?: string | Buffer;
}

/** A tar made by hand, as no packer would make the harmful ones. */
function tar(entries: Entry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    const header = Buffer.alloc(512);
    const raw = Buffer.isBuffer(entry.path);
    new Header({
      path: raw ? "placeholder" : String(entry.path),
      type: entry.type ?? "File",
      mode: entry.mode ?? 0o644,
      size: content.length,
      linkpath: entry.linkpath ?? "",
      mtime: new Date(0),
      uid: 0,
      gid: 0,
    }).encode(header, 0);
    if (raw) rename(header, entry.path as Buffer);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Writes the name's raw bytes and the checksum over them. */
function rename(header: Buffer, name: Buffer): void {
  header.fill(0, 0, 100);
  name.copy(header, 0);
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

/** A PAX header carries names longer than 100 bytes. */
function longName(path: string): Entry[] {
  const record = (length: number): string => `${length} path=${path}\n`;
  let length = Buffer.byteLength(record(0));
  while (Buffer.byteLength(record(length)) !== length) length = Buffer.byteLength(record(length));
  return [{ path: "PaxHeader", type: "ExtendedHeader" as "File", content: record(length) }, { path: "short" }];
}

async function run(archive: Buffer, limits: Partial<BuildLimits> = {}, signal = new AbortController().signal) {
  const folder = await tempDir();
  onTestFinished(folder.remove);
  await writeFile(join(folder.path, "source.tgz"), archive);
  const target = join(folder.path, "out");
  await mkdir(target);
  const result = unpack(join(folder.path, "source.tgz"), target, { ...DEFAULT_LIMITS, ...limits }, signal);
  return { target, folder: folder.path, result };
}

describe("unpack", () => {
  it("keeps contents, links and the executable bit, and drops setuid and version control", async () => {
    const { target, result } = await run(
      gzipSync(
        tar([
          { path: "./", type: "Directory", mode: 0o700 },
          { path: "./bin/run", mode: 0o4775, content: "#!/bin/sh\n" },
          { path: "a/b.txt", mode: 0o600, content: "hello" },
          { path: "a/link", type: "SymbolicLink", linkpath: "../bin/../bin/run" },
          { path: "a/same", type: "Link", linkpath: "a/b.txt" },
          { path: ".git/config", content: "secret" },
          { path: "empty", type: "Directory" },
        ]),
      ),
    );
    expect((await result).files.toSorted()).toEqual(["a/b.txt", "a/link", "a/same", "bin/run"]);
    expect((await stat(join(target, "bin/run"))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(target, "a/b.txt"))).mode & 0o7777).toBe(0o644);
    expect(await readlink(join(target, "a/link"))).toBe("../bin/run");
    expect(await readFile(join(target, "a/same"), "utf8")).toBe("hello");
    expect((await stat(join(target, "a/same"))).nlink).toBe(1);
    expect((await readdir(target)).toSorted()).toEqual(["a", "bin", "empty"]);
  });

  it.each<[string, Entry[], string]>([
    ["an absolute path", [{ path: "/etc/cron.d/x", content: "x" }], "archive_path_unsafe"],
    ["a path that climbs out", [{ path: "a/../../x", content: "x" }], "archive_path_unsafe"],
    ["a link to an absolute path", [{ path: "l", type: "SymbolicLink", linkpath: "/etc/passwd" }], "archive_link_unsafe"],
    ["a link that climbs out", [{ path: "a/l", type: "SymbolicLink", linkpath: "../../x" }], "archive_link_unsafe"],
    [
      "a file written through a link",
      [
        { path: "l", type: "SymbolicLink", linkpath: "d" },
        { path: "l/x", content: "x" },
      ],
      "archive_link_unsafe",
    ],
    ["a hard link to a file outside", [{ path: "h", type: "Link", linkpath: "/etc/passwd" }], "archive_path_unsafe"],
    ["a hard link to a file that is not there", [{ path: "h", type: "Link", linkpath: "etc/passwd" }], "archive_link_unsafe"],
    [
      "a hard link to a link",
      [
        { path: "l", type: "SymbolicLink", linkpath: "x" },
        { path: "h", type: "Link", linkpath: "l" },
      ],
      "archive_link_unsafe",
    ],
    ["a device", [{ path: "null", type: "CharacterDevice" }], "archive_special_file"],
    ["a pipe", [{ path: "pipe", type: "FIFO" }], "archive_special_file"],
    ["a name that is not UTF-8", [{ path: Buffer.from([0x61, 0xff, 0xfe]), content: "x" }], "archive_name_invalid"],
    ["a name with a line break", [{ path: "a\nb", content: "x" }], "archive_name_invalid"],
    ["a name that is too long", longName(`dir/${"n".repeat(256)}`), "archive_name_invalid"],
    ["a path that is too long", longName(Array.from({ length: 40 }, () => "n".repeat(90)).join("/")), "archive_name_invalid"],
    ["folders only", [{ path: "a", type: "Directory" }], "source_empty"],
  ])("refuses %s", async (_what, entries, code) => {
    const { folder, result } = await run(gzipSync(tar(entries)));
    await expect(result).rejects.toMatchObject({ kind: "user", code, hint: expect.any(String) });
    expect((await readdir(folder)).toSorted()).toEqual(["out", "source.tgz"]);
  });

  it("cannot be led out by links that go through links", async () => {
    const { target, result } = await run(
      gzipSync(
        tar([
          { path: "top/x", content: "inside" },
          { path: "a/b/l", type: "SymbolicLink", linkpath: "../../top" },
          // With `..` after the link this would land beside the source; it is kept as the path that it reads as.
          { path: "m", type: "SymbolicLink", linkpath: "a/b/l/../../x" },
        ]),
      ),
    );
    await result;
    expect(await readlink(join(target, "m"))).toBe("a/x");
  });

  it.each<[string, Buffer, Partial<BuildLimits>, string]>([
    ["too many entries", gzipSync(tar([{ path: "a" }, { path: "b" }, { path: "c" }])), { archiveEntries: 2 }, "archive_too_many_files"],
    ["too many bytes", gzipSync(tar([{ path: "a", content: Buffer.alloc(4096) }])), { unpackedBytes: 4096 }, "archive_too_large"],
    ["a bomb", gzipSync(tar([{ path: "a", content: Buffer.alloc(70 * 1024 ** 2) }])), {}, "archive_bomb"],
    [
      "a bomb in a bomb",
      gzipSync(gzipSync(tar([{ path: "a", content: Buffer.alloc(8 * 1024 ** 2) }]))),
      { unpackedBytes: 1024 ** 2 },
      "archive_too_large",
    ],
    ["what is no archive", Buffer.from("hello, this is not gzip"), {}, "archive_invalid"],
    ["gzip of what is no tar", gzipSync(Buffer.alloc(2048, "no tar ")), {}, "archive_invalid"],
    ["an archive that was cut", gzipSync(tar([{ path: "a", content: "x".repeat(9000) }])).subarray(0, 60), {}, "archive_invalid"],
    ["a tar that was cut", gzipSync(tar([{ path: "a", content: "x".repeat(9000) }]).subarray(0, 4096)), {}, "archive_invalid"],
  ])("refuses %s", async (_what, archive, limits, code) => {
    const { result } = await run(archive, limits);
    await expect(result).rejects.toMatchObject({ kind: "user", code });
  });

  it("stops when it is told to", async () => {
    const { result } = await run(gzipSync(tar([{ path: "a", content: "x" }])), {}, AbortSignal.abort(new Error("enough")));
    await expect(result).rejects.toThrow("enough");
  });
});
