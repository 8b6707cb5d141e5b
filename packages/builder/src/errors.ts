import { UserError, type ErrorOptions } from "@ebb/base";

/** Each fault of a source that the builder names: the stable code, and what to do unless the place that throws it knows better. */
export const BUILD_ERRORS = {
  archive_invalid: "Send a gzip-compressed tar of the source folder, as `ebb deploy` does.",
  archive_too_large: "Leave what is not needed to build out with .ebbignore: data, media, build output, node_modules.",
  archive_too_many_files: "Leave what is not needed to build out with .ebbignore: node_modules, caches, generated files.",
  archive_bomb: "The archive unpacks to far more than source would; check for files full of zeros and leave them out with .ebbignore.",
  archive_path_unsafe: "Make the archive with paths relative to the source folder: `tar -czf source.tgz -C DIR .`",
  archive_link_unsafe: "Replace the link with the files that it points at, or leave it out with .ebbignore.",
  archive_special_file: "Leave sockets, pipes and devices out with .ebbignore.",
  archive_name_invalid: "Rename the file: valid UTF-8 without control characters, at most 255 bytes between slashes.",
  source_empty: "Deploy a folder that has the application in it; check that .ebbignore does not exclude everything.",
  source_unknown: "Add an ebb.yaml with the command that starts the application.",
  source_invalid: "Correct the file and deploy again.",
  config_invalid: "docs/reference/ebb-yaml.md lists every field.",
  entry_missing: "Correct the path, or state the command in ebb.yaml.",
  tool_missing: "Install it on the machine that Ebb runs on, or deploy with a Dockerfile.",
  build_failed: "The log above ends with what went wrong; run the same command in a clean copy of the source to see it there.",
  build_timeout: "Find the step that hangs in the log; a build may not wait for input.",
  build_output_unsafe: "Let the build write files rather than links to places outside of the source folder.",
  build_output_too_large: "Delete caches and intermediate files in the last build command.",
  publish_missing: "State the folder that holds the built site as `publish` in ebb.yaml.",
  disk_full: "Free space on the machine that Ebb runs on, or move its data folder; old versions are removed by themselves.",
  engine_missing:
    "Install Podman (`apt install podman`) or Docker, then `ebb doctor`; or remove the Dockerfile and let Ebb build from source.",
  git_refused: "Give the team a token or a deploy key that may read the repository: ebb repo key PREFIX.",
  git_not_found: "Check the address. A private repository looks like this to whoever has no right to it: ebb repo key PREFIX.",
  git_ref_not_found: "Name a branch, a tag, or a commit by all of its 40 characters.",
  git_folder_missing: "Name a folder of the repository as git writes it: services/api.",
  git_redirected: "The server sends this address on to another: use that one, often the same with .git at its end.",
  git_unreachable: "Check that Ebb's machine reaches the server, and that it shows a certificate that this machine trusts.",
  git_host_key: "Make sure that it is your server; then give the credentials its new key: ebb repo key PREFIX.",
  git_too_large: "Deploy a repository without its data; its newest revision may have 2 GiB.",
  git_timeout: "The server is too slow, or the repository too large: one revision of it has five minutes.",
  git_failed: "The log above ends with what git said.",
  image_build_failed: "The log above ends with the instruction that failed; `podman build .` shows the same.",
} as const;

export type BuildErrorCode = keyof typeof BUILD_ERRORS;

/** A UserError of the catalogue; `options.hint` replaces the catalogue's. */
export function fault(code: BuildErrorCode, message: string, options: ErrorOptions = {}): UserError {
  return new UserError(code, message, { ...options, hint: options.hint ?? BUILD_ERRORS[code] });
}
