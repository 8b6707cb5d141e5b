/**
 * `npm run fuzz -- [--seconds N] [--seed N] [--corpus FOLDER]`: fuzzes the parsers of HTTP/1 (requests and answers) and of HTTP/2, and says as JSON how far it
 * came; ends with 1 at the first finding. What is found is kept in the folder, and begun with the next time.
 */
import { parseArgs } from "node:util";
import { systemRandom } from "@ebb/base";
import { keepInCorpus, loadCorpus } from "./corpus.ts";
import { fuzz, targets } from "./fuzz.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" }, corpus: { type: "string" } },
});
const { corpus } = values;
const seed = Number(values.seed ?? Math.floor(systemRandom.float() * 2 ** 31));
const all = targets();
if (corpus !== undefined) loadCorpus(corpus, all);
const report = await fuzz({
  seconds: Number(values.seconds),
  seed,
  targets: all,
  onFound: (target, input) => corpus !== undefined && keepInCorpus(corpus, target, input),
});
process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
