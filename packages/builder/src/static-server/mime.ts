/** Media types of what sites are made of (IANA's names); anything else is a download. Part of each site's bundle: it imports nothing. */
const TYPES: Record<string, string> = {
  aac: "audio/aac",
  apng: "image/apng",
  atom: "application/atom+xml",
  avif: "image/avif",
  bmp: "image/bmp",
  css: "text/css",
  csv: "text/csv",
  eot: "application/vnd.ms-fontobject",
  epub: "application/epub+zip",
  flac: "audio/flac",
  gif: "image/gif",
  glb: "model/gltf-binary",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  ico: "image/x-icon",
  ics: "text/calendar",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  jsonld: "application/ld+json",
  jxl: "image/jxl",
  m4a: "audio/mp4",
  map: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  rss: "application/rss+xml",
  svg: "image/svg+xml",
  tif: "image/tiff",
  tiff: "image/tiff",
  toml: "application/toml",
  ttf: "font/ttf",
  txt: "text/plain",
  vtt: "text/vtt",
  wasm: "application/wasm",
  wav: "audio/wav",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xhtml: "application/xhtml+xml",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};

export function extension(path: string): string {
  return (/\.([A-Za-z0-9]+)$/.exec(path)?.[1] ?? "").toLowerCase();
}

/** With the charset where the type is text. */
export function contentType(path: string): string {
  const type = TYPES[extension(path)] ?? "application/octet-stream";
  return isText(type) ? `${type}; charset=utf-8` : type;
}

function isText(type: string): boolean {
  return /^text\/|^application\/(?:json|.*\+json|.*\+xml|xml|yaml|toml)$|^image\/svg\+xml$/.test(type);
}

/** What compression makes much smaller; images, fonts for the web and media are compressed already. */
export function compressible(path: string): boolean {
  const type = TYPES[extension(path)] ?? "";
  return isText(type) || /^application\/(?:wasm|vnd\.ms-fontobject)$|^font\/(?:ttf|otf)$|^image\/(?:bmp|x-icon)$|^model\//.test(type);
}
