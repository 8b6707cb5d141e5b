export { backoffDelay, type BackoffPolicy } from "./backoff.ts";
export { collectGarbage } from "./collect-garbage.ts";
export { rfc3339, sleep, systemClock, type Clock, type Timer } from "./clock.ts";
export { Signal } from "./signal.ts";
export { eachAtOnce } from "./each-at-once.ts";
export {
  assertNever,
  BugError,
  causeChain,
  EbbError,
  systemCode,
  TransientError,
  UserError,
  type ErrorKind,
  type ErrorOptions,
} from "./errors.ts";
export { flat } from "./flat.ts";
export { readIfThere, replaceFile, sizeOf, syncFolder } from "./files.ts";
export { Groups } from "./groups.ts";
export { previewName } from "./preview-name.ts";
export { systemRandom, type Random } from "./ids.ts";
export { keepAlive } from "./keep-alive.ts";
export { KEY_BYTES, KEY_HINT, newKey, parseKeys, writeKeyFile } from "./key-file.ts";
export { Group, type Runnable } from "./lifecycle.ts";
export { atWork, listensElsewhere, listensNowhere, restsElsewhere, saysUnreachable } from "./listening-words.ts";
export { silentLogger, type Logger, type LogFields } from "./log.ts";
export { codeOf, sayings, type Said, type SaidCode } from "./said.ts";
export { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
