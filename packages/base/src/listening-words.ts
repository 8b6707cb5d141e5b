/**
 * What Ebb's cluster says of where an instance listens, as a part of a Pod's or a Revision's message: Kubernetes has no field for it, so who reads a message
 * finds it by these words, which stand here alone.
 */

const BUT = ", but requests come to ";
const ELSEWHERE = "listens on ";
const AT_WORK = " (it is at work, and may still be starting)";

/** `at`: where it does; `wanted`: where it should. */
export function listensElsewhere(at: string, wanted: string, advice: string): string {
  return `${ELSEWHERE}${at}${BUT}${wanted}: ${advice}`;
}

export function listensNowhere(port: number, advice: string): string {
  return `does not listen on any port yet${BUT}port ${port}: ${advice}`;
}

/** It listens somewhere, as for a debugger, and may come to the right port yet: whoever waits for it must not give it up. */
export function atWork(words: string): string {
  return saysElsewhere(words) ? words + AT_WORK : words;
}

/** Requests do not reach it where it listens, if it listens at all. */
export function saysUnreachable(message: string): boolean {
  return message.includes(BUT);
}

/** It listens elsewhere and does nothing more. What does not listen yet, or is at work, may still be starting. */
export function restsElsewhere(message: string): boolean {
  return saysElsewhere(message) && !message.includes(AT_WORK);
}

function saysElsewhere(message: string): boolean {
  const at = message.indexOf(ELSEWHERE);
  return at >= 0 && message.indexOf(BUT, at) > at;
}
