import { posix } from "node:path";
import { fault } from "../errors.ts";

/** Linux's NAME_MAX; and PATH_MAX less room for the work folder's own path. */
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 3072;
const UNDECODABLE = "\uFFFD";

/**
 * The path of an entry inside the source, without `./` and trailing slashes; undefined for the root itself and for version control's own
 * files, which are left out. Throws UserError `archive_path_unsafe` and `archive_name_invalid`.
 */
export function entryPath(raw: string): string | undefined {
  if (raw.startsWith("/")) throw fault("archive_path_unsafe", `the archive has an absolute path: ${show(raw)}`);
  const parts = raw.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw fault("archive_path_unsafe", `the archive has a path with "..": ${show(raw)}`);
  for (const part of parts) checkName(part, raw);
  const path = parts.join("/");
  if (Buffer.byteLength(path) > MOST_PATH_BYTES)
    throw fault("archive_name_invalid", `a path is longer than ${MOST_PATH_BYTES} bytes: ${show(raw)}`);
  if (path === "" || parts.includes(".git")) return undefined;
  return path;
}

function checkName(part: string, raw: string): void {
  if (part.includes(UNDECODABLE)) throw fault("archive_name_invalid", `a file name is not valid UTF-8: ${show(raw)}`);
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  if (/[\u0000-\u001f\u007f]/.test(part)) throw fault("archive_name_invalid", `a file name has control characters: ${show(raw)}`);
  if (Buffer.byteLength(part) > MOST_NAME_BYTES) {
    throw fault("archive_name_invalid", `a file name is longer than ${MOST_NAME_BYTES} bytes: ${show(raw)}`);
  }
}

/**
 * The target of a symbolic link at `path`, normalised to leading `..` and then names. That form cannot leave the tree as long as every link
 * in it has it: `..` after a name could climb out through a link in between. Throws UserError `archive_link_unsafe`.
 */
export function linkTarget(path: string, target: string): string {
  if (target === "" || target.includes(UNDECODABLE) || target.includes("\0")) {
    throw fault("archive_link_unsafe", `the link ${show(path)} has no valid target`);
  }
  const landing = posix.normalize(posix.join(posix.dirname(path), target));
  if (target.startsWith("/") || landing === ".." || landing.startsWith("../")) {
    throw fault("archive_link_unsafe", `the link ${show(path)} points outside of the source: ${show(target)}`);
  }
  return posix.normalize(target);
}

/** For messages: quoted, control characters escaped, cut. */
export function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
