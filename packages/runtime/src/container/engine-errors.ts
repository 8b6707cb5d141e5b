import { TransientError, UserError, type EbbError } from "@ebb/base";

/** The engine's HTTP status, if that is what failed. */
export function engineStatus(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
}

export function isGone(error: unknown): boolean {
  return engineStatus(error) === 404;
}

/** Catches that something is not there, and nothing else. */
export function nothingIfGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}

/** The status of what is asked for and is so already: a container that is started runs, one that is stopped does not. */
export const NOT_MODIFIED = 304;

/** Catches that it is so already, and nothing else. */
export function nothingIfAlreadySo(error: unknown): undefined {
  if (engineStatus(error) !== NOT_MODIFIED) throw error;
}

/** Whether the engine could not set the limits it sets by default, as on machines whose own are lower. */
export function isLimitRefusal(error: unknown): boolean {
  return error instanceof Error && /rlimit|ulimit/i.test(error.message);
}

/** What it means that a container could not be created or started. */
export function startError(error: unknown, reference: string): EbbError {
  const message = error instanceof Error ? error.message : "unknown";
  // Its "no such file" is a program of its own that it lacks, none of the image's.
  if (/netavark|iptables|nftables|\bCNI\b/i.test(message)) {
    return new UserError("NoContainerNetwork", `the container engine could not give ${reference} a network: ${lastPart(message)}`, {
      hint: "Podman needs iptables for its networks (on Debian: apt install iptables); `ebb doctor` looks for it.",
      cause: error,
    });
  }
  if (/executable file .*not found|no such file or directory|permission denied.*exec|exec format error|not a directory/i.test(message)) {
    return new UserError("CannotRun", `the program of ${reference} cannot be run: ${lastPart(message)}`, {
      hint: "Check the command (or the image's ENTRYPOINT), that the file is executable, and that it is for this machine's processor.",
      cause: error,
    });
  }
  if (isGone(error)) return imageNotFound(reference, error);
  return new TransientError("EngineError", `the container engine could not start ${reference}: ${lastPart(message)}`, { cause: error });
}

/** What it means that an image could not be pulled. */
export function pullError(error: unknown, reference: string): EbbError {
  const message = error instanceof Error ? error.message : "unknown";
  if (/invalid reference|reference format|must be lowercase/i.test(message)) {
    return new UserError("InvalidImageName", `${reference} is not the name of an image`, {
      hint: "Names look like registry.example.com/team/app:tag.",
      cause: error,
    });
  }
  return imageNotFound(reference, error);
}

function imageNotFound(reference: string, cause: unknown): UserError {
  return new UserError("ErrImagePull", `image not found: ${reference}: ${lastPart(cause instanceof Error ? cause.message : "unknown")}`, {
    hint: "Check the name, and that this machine can reach the registry; an image of this machine is listed by `podman images` or `docker images`.",
    cause,
  });
}

/** Engines put the cause last; the whole is a page long. */
function lastPart(message: string): string {
  const MOST = 400;
  const text = message.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
  return text.length <= MOST ? text : `…${text.slice(-MOST)}`;
}
