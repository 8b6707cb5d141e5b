/**
 * `npm run proof`: 500 releases on 20 apps under load, with `kill -9` of the platform at random moments. Ends with 0 when no request failed, no
 * answer came from a version that was not asked for, and each release ended in a named state.
 *
 *   npm run proof -- --apps 20 --releases 500 --versions 3 --victims platform,cluster --longest-life 3000 --longest-dwell 4000 --pause 100
 */
import { parseArgs } from "node:util";
import { startEbb, type ProcessName } from "@ebb/testkit";
import { proveReleases } from "./prove-releases.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { apps: text, releases: text, versions: text, victims: text, "longest-life": text, "longest-dwell": text, pause: text },
});
const ebb = await startEbb({ args: ["--no-containers"] });
try {
  const { failures, wrong, ...figures } = await proveReleases(ebb, {
    apps: Number(values.apps ?? 20),
    releases: Number(values.releases ?? 500),
    versions: Number(values.versions ?? 3),
    victims: (values.victims ?? "platform").split(",") as ProcessName[],
    longestLife: Number(values["longest-life"] ?? 3000),
    longestDwell: Number(values["longest-dwell"] ?? 4000),
    pause: Number(values.pause ?? 100),
    tell: (line) => console.log(line),
  });
  for (const line of [...failures, ...wrong].slice(0, 50)) console.log(line);
  console.log(JSON.stringify(figures, undefined, 2));
  console.log(`releases under fire: ${figures.requests} requests, ${failures.length} failed, ${wrong.length} wrong`);
  process.exitCode = failures.length + wrong.length === 0 ? 0 : 1;
} finally {
  await ebb.dispose();
}
