/** An open loop in a process of its own, so that it can have a core: `PORT RATE CONNECTIONS SECONDS`; prints p50 and p99 in milliseconds. */
import { openLoop } from "./open-loop.ts";

const [port = 0, rate = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
const times = await openLoop({ port, rate, connections, seconds });
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99) }));
