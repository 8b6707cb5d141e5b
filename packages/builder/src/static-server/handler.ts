import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { Compressor } from "./compress.ts";
import { Site, type SiteFile } from "./lookup.ts";
import { compressible, contentType, extension } from "./mime.ts";
import { acceptedEncodings, byteRange, cacheControl, notModified, rangeApplies, type Encoding } from "./negotiate.ts";

export interface SiteOptions {
  /** Absolute, without links in it. */
  root: string;
  /** Unknown paths that a browser navigates to are answered with index.html. */
  spa: boolean;
}

interface Representation {
  file: SiteFile;
  etag: string;
  encoding?: Encoding;
  /** Compressed just now; otherwise the file's own bytes are sent. */
  body?: Buffer;
}

const SUFFIX = { br: ".br", gzip: ".gz" } as const;

export function siteHandler(options: SiteOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const site = new Site(options.root);
  const compressor = new Compressor();

  /** Made at build time (FILE.br, FILE.gz) before made now. */
  async function represent(file: SiteFile, accepts: string | undefined): Promise<Representation> {
    if (!compressible(file.name)) return { file, etag: file.etag };
    for (const encoding of acceptedEncodings(accepts)) {
      const made = await site.file(`${file.name}${SUFFIX[encoding]}`);
      if (made) return { file: { ...made, name: file.name }, etag: made.etag, encoding };
    }
    const encoding = acceptedEncodings(accepts)[0];
    if (encoding === undefined || !compressor.worthwhile(file.size)) return { file, etag: file.etag };
    return { file, etag: file.etag.replace(/"$/, `-${encoding}"`), encoding, body: await compressor.compress(file, encoding) };
  }

  async function serve(request: IncomingMessage, response: ServerResponse, file: SiteFile): Promise<void> {
    // A part of a compressed file is of no use to who asks for a part of the file.
    const accepts = request.headers.range === undefined ? request.headers["accept-encoding"] : undefined;
    const chosen = await represent(file, accepts);
    response.setHeader("ETag", chosen.etag);
    response.setHeader("Last-Modified", new Date(file.modified).toUTCString());
    response.setHeader("Cache-Control", cacheControl(file.name));
    if (compressible(file.name)) response.setHeader("Vary", "Accept-Encoding");
    const conditions = { ifNoneMatch: request.headers["if-none-match"], ifModifiedSince: request.headers["if-modified-since"] };
    if (notModified(conditions, chosen.etag, file.modified)) {
      response.writeHead(304).end();
      return;
    }
    response.setHeader("Content-Type", contentType(file.name));
    response.setHeader("Accept-Ranges", "bytes");
    if (chosen.encoding !== undefined) response.setHeader("Content-Encoding", chosen.encoding);
    await send(request, response, chosen);
  }

  async function missing(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const navigation = (request.headers.accept ?? "*/*").includes("text/html") || extension(pathname) === "";
    const index = options.spa && navigation ? await site.file("/index.html") : undefined;
    if (index) return serve(request, response, index);
    const page = await site.file("/404.html");
    if (!page) return text(response, 404, "Not found");
    response.statusCode = 404;
    response.setHeader("Content-Type", contentType(page.name));
    response.setHeader("Cache-Control", "no-cache");
    await sendFile(request, response, page, { first: 0, last: page.size - 1 });
  }

  return async (request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return text(response, request.method === "OPTIONS" ? 204 : 405, request.method === "OPTIONS" ? "" : "This site can only be read");
    }
    const [pathname = "/", query] = (request.url ?? "/").split(/\?(.*)/s, 2);
    const found = await site.find(pathname);
    if (found.kind === "invalid") return text(response, 400, "The path is not valid");
    if (found.kind === "none") return missing(request, response, pathname);
    if (found.kind === "file") return serve(request, response, found.file);
    response.setHeader("Location", query === undefined ? found.to : `${found.to}?${query}`);
    return text(response, 301, `Moved to ${found.to}`);
  };
}

async function send(request: IncomingMessage, response: ServerResponse, chosen: Representation): Promise<void> {
  const { file, body } = chosen;
  if (body) {
    response.setHeader("Content-Length", body.length);
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const ifRange = [request.headers["if-range"]].flat()[0];
  const wanted = rangeApplies(ifRange, chosen.etag, file.modified) ? byteRange(request.headers.range, file.size) : undefined;
  if (wanted === "unsatisfiable") {
    response.setHeader("Content-Range", `bytes */${file.size}`);
    return text(response, 416, "The file is shorter than that");
  }
  if (wanted) {
    response.statusCode = 206;
    response.setHeader("Content-Range", `bytes ${wanted.first}-${wanted.last}/${file.size}`);
  }
  await sendFile(request, response, file, wanted ?? { first: 0, last: file.size - 1 });
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: SiteFile,
  range: { first: number; last: number },
): Promise<void> {
  response.setHeader("Content-Length", range.last - range.first + 1);
  if (request.method === "HEAD" || file.size === 0) {
    response.end();
    return;
  }
  try {
    await pipeline(createReadStream(file.path, { start: range.first, end: range.last }), response);
  } catch (error) {
    // A visitor who leaves in the middle is no fault.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE")) throw error;
  }
}

function text(response: ServerResponse, status: number, message: string): void {
  response.removeHeader("Content-Encoding");
  response.writeHead(status, status === 204 ? {} : { "Content-Type": "text/plain; charset=utf-8" });
  response.end(status === 204 ? undefined : `${message}\n`);
}
