/** `npm run fuzz -- [--seconds N] [--seed N]`: fuzzes the HTTP/1 parser, and says as JSON how far it came; ends with 1 at the first finding. */
import { parseArgs } from "node:util";
import { systemRandom } from "@ebb/base";
import { fuzz } from "./fuzz.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? Math.floor(systemRandom.float() * 2 ** 31));
const report = await fuzz(Number(values.seconds), seed);
process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
