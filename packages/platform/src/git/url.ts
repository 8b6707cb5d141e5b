import { refuse } from "../errors.ts";

export interface GitAddress {
  /** `https://`, `http://` or `ssh://`; an SSH address with its user. */
  url: string;
  scheme: "https" | "http" | "ssh";
  /** Without the brackets of an IPv6 address. */
  host: string;
  /** `HOST[:PORT]/PATH`, without `.git`: what prefixes of credentials are compared with. */
  place: string;
}

const HINT = "Write https://HOST/PATH, ssh://git@HOST/PATH or git@HOST:PATH.";
const SCHEMES = { "https:": "https", "http:": "http", "ssh:": "ssh" } as const;

/**
 * An address of a repository as people write it, checked and in one form. No other transport than those three is ever used: `file:`, `ext::`
 * and their like are ways into the platform's own machine. Throws `git_url_invalid`.
 */
export function parseGitUrl(text: string): GitAddress {
  const url = URL.parse(longForm(text.trim()));
  const scheme = url && SCHEMES[url.protocol as keyof typeof SCHEMES];
  if (!url || !scheme) throw invalid(`${shown(text)} is not an address of a Git repository that Ebb can fetch`);
  if (url.password !== "" || (scheme !== "ssh" && url.username !== "")) {
    throw refuse("git_url_invalid", "An address of a repository has no password in it", {
      hint: "Leave it out, and give it to the team as credentials: ebb repo key PREFIX.",
    });
  }
  const path = decodedPath(url.pathname);
  if (url.search !== "" || url.hash !== "" || url.hostname === "" || path === undefined || !/^\/[^/-]/.test(path)) {
    throw invalid(`${shown(text)} is not an address of a Git repository`);
  }
  if (scheme === "ssh" && url.username === "") url.username = "git";
  if (!/^[A-Za-z0-9._-]*$/.test(url.username)) throw invalid(`${shown(text)} has no user that a Git server could have`);
  if (scheme === "ssh" && url.port === "22") url.port = "";
  url.pathname = url.pathname.replace(/\/+$/, "");
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port === "" ? "" : `:${url.port}`;
  return { url: url.href, scheme, host, place: `${host}${port}${path.replace(/\/+$/, "").replace(/\.git$/, "")}` };
}

/** `github.com/acme`; a scheme in front and a slash at the end are forgiven. Throws `git_credential_invalid`. */
export function parsePrefix(text: string): string {
  const plain = text
    .trim()
    .replace(/^[a-z]+:\/\/([^/@]*@)?/i, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  const [, host = "", path = ""] = /^([^/]+)(\/.*)?$/.exec(plain) ?? [];
  if (/^[A-Za-z0-9.-]+(:\d{1,5})?$|^[0-9a-fA-F:]+$/.test(host) && !/[\s?#]|\.\./.test(path)) return `${host.toLowerCase()}${path}`;
  throw refuse("git_credential_invalid", `${shown(text)} is not a prefix of repositories`, {
    hint: "Write HOST, HOST/PATH or HOST:PORT/PATH.",
  });
}

/** Whether credentials with that prefix are for that place. */
export function covers(prefix: string, place: string): boolean {
  return place === prefix || place.startsWith(`${prefix}/`);
}

/** Without `..`, which git would take for a range. Throws `invalid_request`. */
export function checkFolder(folder: string): string {
  const plain = folder.replace(/^\.(?:\/+|$)/, "").replace(/\/+$/, "");
  if (!plain.split("/").some((part) => part === ".." || part === ".")) return plain;
  throw refuse("invalid_request", `${shown(folder)} is not a folder of a repository`, { hint: "Write it as git does: services/api." });
}

/** Throws `invalid_request` for what git itself would not take. */
export function checkRef(ref: string): string {
  if (!/\.\.|@\{|\/$|\.lock$|\/\/|\.$/.test(ref)) return ref;
  throw refuse("invalid_request", `${shown(ref)} is not a name that a branch or a tag can have`);
}

/** `git@host:path` is SSH's short form. */
function longForm(text: string): string {
  const [, user = "git", host = "", path = ""] = /^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9.-]+):(?!\/\/|:)([^:].*)$/.exec(text) ?? [];
  return host === "" || /^(?:file|ext|git|ftp|fd|http|https|ssh)$/i.test(host) ? text : `ssh://${user}@${host}/${path.replace(/^\/+/, "")}`;
}

function decodedPath(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
    return /[\u0000-\u0020\u007f'"\\]/.test(text) || text.split("/").includes("..") ? undefined : text;
  } catch {
    return undefined;
  }
}

function invalid(message: string): Error {
  return refuse("git_url_invalid", message, { hint: HINT });
}

/** A password that somebody wrote into an address is not repeated. */
function shown(text: string): string {
  const plain = text.replace(/\/\/[^/@]*@/, "//…@");
  return JSON.stringify(plain.length > 100 ? `${plain.slice(0, 100)}…` : plain);
}
