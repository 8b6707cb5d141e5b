/** An open loop in a process of its own, so that it can have a core: `PORT RATE CONNECTIONS SECONDS`; prints p50 and p99 in milliseconds. */
import { openLoop } from "./open-loop.ts";
import { percentile } from "./percentile.ts";

const [port = 0, rate = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
const times = await openLoop({ port, rate, connections, seconds });
console.log(JSON.stringify({ p50: percentile(times, 0.5), p99: percentile(times, 0.99) }));
