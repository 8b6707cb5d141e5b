import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { tempDir } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { siteHandler } from "./handler.ts";
import { byteRange, cacheControl } from "./negotiate.ts";

const LONG = "<p>Ebb and flow.</p>\n".repeat(500);

async function serve(files: Record<string, string>, options: { spa?: boolean; also?: (root: string) => Promise<void> } = {}) {
  const folder = await tempDir("ebb-site-");
  const root = join(folder.path, "site");
  await mkdir(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await writeFile(join(folder.path, "outside.txt"), "secret");
  await options.also?.(root);
  const handle = siteHandler({ root, spa: options.spa ?? false });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });
  /** The path goes out as it is written: no client in between that tidies it. */
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer; text: string }>((resolve, reject) => {
      const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() });
        });
      });
      sent.on("error", reject);
      sent.end();
    });
  return { get, port };
}

describe("the server of sites", () => {
  it.each([
    ["/", 200, "home"],
    ["/index.html", 200, "home"],
    ["/about", 200, "about"],
    ["/about.html", 200, "about"],
    ["/docs/", 200, "docs"],
    ["/a%20b.txt", 200, "space"],
    ["/a%20b.txt?version=1", 200, "space"],
    ["/.well-known/security.txt", 200, "contact"],
    ["/nothing", 404, "Not found\n"],
    ["/.env", 404, "Not found\n"],
    ["/docs/.hidden/x", 404, "Not found\n"],
    ["/../outside.txt", 404, "Not found\n"],
    ["/%2e%2e/outside.txt", 404, "Not found\n"],
    ["/docs/..%2f..%2foutside.txt", 404, "Not found\n"],
    ["/leak.txt", 404, "Not found\n"],
    ["/within.txt", 200, "space"],
    ["/%00", 400, "The path is not valid\n"],
    ["/%ff", 400, "The path is not valid\n"],
    [`/${"x".repeat(3000)}`, 404, "Not found\n"],
  ])("answers %s with %i", async (path, status, text) => {
    const { get } = await serve(
      {
        "index.html": "home",
        "about.html": "about",
        "docs/index.html": "docs",
        "docs/.hidden/x": "no",
        "a b.txt": "space",
        ".env": "no",
        ".well-known/security.txt": "contact",
      },
      {
        also: async (root) => {
          await symlink("../outside.txt", join(root, "leak.txt"));
          await symlink("a b.txt", join(root, "within.txt"));
        },
      },
    );
    const answer = await get(path);
    expect([answer.status, answer.text]).toEqual([status, text]);
  });

  it.each([
    ["/docs", "/docs/"],
    ["/docs?a=1&b=2", "/docs/?a=1&b=2"],
    ["/about/", "/about"],
    ["//evil.example", "/evil.example/"],
    ["/%E4%BD%A0", "/%E4%BD%A0/"],
  ])("sends %s to %s", async (path, location) => {
    const { get } = await serve({ "docs/index.html": "", "about.html": "", "evil.example/index.html": "", "你/index.html": "" });
    const answer = await get(path);
    expect([answer.status, answer.headers.location]).toEqual([301, location]);
  });

  it("answers unknown paths of a single-page application with its page, but missing files with 404", async () => {
    const { get } = await serve({ "index.html": "app", "main.js": "" }, { spa: true });
    expect(await get("/deep/link", { accept: "text/html" })).toMatchObject({ status: 200, text: "app" });
    expect(await get("/gone.js", { accept: "*/*" })).toMatchObject({ status: 404 });
  });

  it("shows the site's own page for what is missing", async () => {
    const { get } = await serve({ "index.html": "", "404.html": "<h1>lost</h1>" });
    expect(await get("/x/y")).toMatchObject({
      status: 404,
      text: "<h1>lost</h1>",
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  });

  it("validates copies by ETag first, then by date", async () => {
    const { get } = await serve({ "a.css": "x" }, { also: (root) => utimes(join(root, "a.css"), 1_700_000_000, 1_700_000_000) });
    const first = await get("/a.css");
    const etag = first.headers.etag ?? "";
    expect(first.headers["last-modified"]).toBe("Tue, 14 Nov 2023 22:13:20 GMT");
    expect(await get("/a.css", { "if-none-match": `"other", W/${etag}` })).toMatchObject({ status: 304, text: "", headers: { etag } });
    expect(await get("/a.css", { "if-none-match": '"other"', "if-modified-since": "Tue, 14 Nov 2023 22:13:20 GMT" })).toMatchObject({
      status: 200,
    });
    expect(await get("/a.css", { "if-modified-since": "Tue, 14 Nov 2023 22:13:20 GMT" })).toMatchObject({ status: 304 });
    expect(await get("/a.css", { "if-modified-since": "Tue, 14 Nov 2023 22:13:19 GMT" })).toMatchObject({ status: 200 });
  });

  it("keeps the ETag when only the file's date changes, so that a new version does not empty caches", async () => {
    const one = await serve({ "a.css": "same" });
    const two = await serve({ "a.css": "same" }, { also: (root) => utimes(join(root, "a.css"), 1, 1) });
    expect((await one.get("/a.css")).headers.etag).toBe((await two.get("/a.css")).headers.etag);
  });

  it("compresses text as the client prefers, and names each form", async () => {
    const { get } = await serve({ "index.html": LONG, "small.html": "x", "photo.png": LONG });
    const plain = await get("/");
    const brotli = await get("/", { "accept-encoding": "gzip, deflate, br" });
    const gzip = await get("/", { "accept-encoding": "br;q=0.5, gzip" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect([brotli.headers["content-encoding"], brotliDecompressSync(brotli.body).toString()]).toEqual(["br", LONG]);
    expect([gzip.headers["content-encoding"], gunzipSync(gzip.body).toString()]).toEqual(["gzip", LONG]);
    expect(new Set([plain, brotli, gzip].map((answer) => answer.headers.etag)).size).toBe(3);
    expect([plain, brotli, gzip].map((answer) => answer.headers.vary)).toEqual(Array(3).fill("Accept-Encoding"));
    expect((await get("/", { "accept-encoding": "br;q=0, identity" })).headers["content-encoding"]).toBeUndefined();
    expect((await get("/small.html", { "accept-encoding": "br" })).headers["content-encoding"]).toBeUndefined();
    expect((await get("/photo.png", { "accept-encoding": "br" })).headers).not.toHaveProperty("vary");
  });

  it("sends what was compressed at build time", async () => {
    const { get } = await serve({ "app.js": LONG, "app.js.gz": "made before" });
    const answer = await get("/app.js", { "accept-encoding": "gzip" });
    expect(answer).toMatchObject({
      text: "made before",
      headers: { "content-encoding": "gzip", "content-type": "text/javascript; charset=utf-8" },
    });
  });

  it("sends parts of files", async () => {
    const { get } = await serve({ "movie.mp4": "0123456789", "empty.bin": "" });
    const part = await get("/movie.mp4", { range: "bytes=2-4" });
    expect(part).toMatchObject({ status: 206, text: "234", headers: { "content-range": "bytes 2-4/10", "content-length": "3" } });
    const etag = part.headers.etag ?? "";
    expect(await get("/movie.mp4", { range: "bytes=-3", "if-range": etag })).toMatchObject({ status: 206, text: "789" });
    expect(await get("/movie.mp4", { range: "bytes=-3", "if-range": '"old"' })).toMatchObject({ status: 200, text: "0123456789" });
    expect(await get("/movie.mp4", { range: "bytes=10-" })).toMatchObject({ status: 416, headers: { "content-range": "bytes */10" } });
    expect(await get("/movie.mp4", { range: "bytes=0-1,3-4" })).toMatchObject({ status: 200 });
    expect(await get("/empty.bin")).toMatchObject({ status: 200, text: "" });
  });

  it("answers HEAD as GET without the body, and nothing that would write", async () => {
    const { get } = await serve({ "index.html": LONG });
    const head = await get("/", {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.text]).toEqual([200, String(LONG.length), ""]);
    expect(await get("/", {}, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  it("goes on serving when a visitor leaves in the middle of a large file", async () => {
    const { get, port } = await serve({ "index.html": "home", "big.bin": "x".repeat(20_000_000) });
    const visitor = connect(port, "127.0.0.1");
    visitor.write("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => visitor.once("data", resolve));
    visitor.destroy();
    expect(await get("/")).toMatchObject({ status: 200, text: "home" });
  });
});

describe("cacheControl", () => {
  it.each([
    ["/assets/index-BxYz12Ab.js", true],
    ["/app.3f2a9c1b.css", true],
    ["/static/js/main.8d1f2e3a.chunk.js.map", true],
    ["/index.html", false],
    ["/jquery-3.7.1.min.js", false],
    ["/report-20240101.pdf", false],
    ["/bootstrap-v5alpha1.css", false],
    ["/assets/background.png", false],
  ])("%s", (path, forEver) => {
    expect(cacheControl(path).includes("immutable")).toBe(forEver);
  });
});

describe("byteRange", () => {
  it.each([
    ["bytes=0-0", 10, { first: 0, last: 0 }],
    ["bytes=5-", 10, { first: 5, last: 9 }],
    ["bytes=-100", 10, { first: 0, last: 9 }],
    ["bytes=5-100", 10, { first: 5, last: 9 }],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=5-2", 10, undefined],
    ["lines=1-2", 10, undefined],
  ])("%s of %i", (header, size, expected) => {
    expect(byteRange(header, size)).toEqual(expected);
  });
});
