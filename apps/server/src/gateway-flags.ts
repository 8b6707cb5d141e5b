/**
 * How the engine of a gateway is set.
 *
 * Left alone it lets its young generation grow to 64 MiB and more while a large route table is loaded, and never gives that back. With two,
 * collecting cost a request 1.5 µs more; with eight nothing that could be told. The gateway's threads bound theirs themselves.
 *
 * A request goes through some eighty small functions. With the budget that the engine has for compiling one into another it stops half way, and
 * calls the rest: 6 % of the gateway's own time.
 *
 * What has not run for a few collections the engine forgets, down to its source. Of a gateway in front of applications that sleep that is what the next
 * request runs, which would then wait some 10 ms for it (docs/adr/0045).
 */
export const GATEWAY_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--max-inlined-bytecode-size=1000",
  "--max-inlined-bytecode-size-cumulative=2000",
  "--no-flush-bytecode",
];
