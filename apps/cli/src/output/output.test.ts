import { PassThrough } from "node:stream";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import type { Host, OutputStream } from "../host.ts";
import { humanAge, humanBytes, parseDuration, took } from "./durations.ts";
import { Progress } from "./progress.ts";
import { createStyle, printable } from "./style.ts";
import { renderTable } from "./table.ts";

test("ages and sizes read as in kubectl and df", () => {
  const [s, m, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
  const cases: [number, string][] = [
    [-5, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [9 * m + 5 * s, "9m5s"],
    [179 * m, "179m"],
    [7 * h + 30 * m, "7h30m"],
    [47 * h, "47h"],
    [3 * d + 4 * h, "3d4h"],
    [400 * d, "400d"],
    [800 * d, "2y"],
  ];
  for (const [age, text] of cases) expect(humanAge(age)).toBe(text);
  expect([0, 999, 1000, 99_449, 123_456, 999_600, 5e9].map(humanBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "99.4 kB",
    "123 kB",
    "1.0 MB",
    "5.0 GB",
  ]);
  expect([49, 59_900, 125_000].map(took)).toEqual(["0.0 s", "59.9 s", "2 min 05 s"]);
});

test("durations are parsed or refused", () => {
  expect(["90s", "10m", "1h30m", "2d"].map(parseDuration)).toEqual([90_000, 600_000, 5_400_000, 172_800_000]);
  expect(["", "10", "m", "-1s", "1h 2m", "1w"].map(parseDuration)).toEqual(Array(6).fill(undefined));
});

test("text of applications cannot move the cursor", () => {
  expect(printable("a\u001b[31mb\u001b[0m\tc")).toBe("a\u001b[31mb\u001b[0m\tc");
  expect(printable("\u001b[2J\u001b[1;1H\u001b]0;x\u0007\rfake\u0008\u009b1m")).toBe("fake");
});

test("tables align wide characters, flatten line breaks, and are cut to the terminal", () => {
  const style = createStyle(new PassThrough(), {});
  const columns = [
    { header: "NAME", value: (row: string[]) => row[0] ?? "" },
    { header: "N", value: (row: string[]) => row[1] ?? "", align: "right" as const },
    { header: "MESSAGE", value: (row: string[]) => row[2] ?? "" },
  ];
  const rows = [
    ["店", "1", "two\nlines"],
    ["longer", "100", "x".repeat(50)],
  ];
  expect(renderTable(columns, rows, { wide: false, style, columns: 30 })).toEqual([
    "NAME       N   MESSAGE",
    "店         1   two lines",
    `longer   100   ${"x".repeat(14)}…`,
  ]);
  expect(renderTable(columns, rows, { wide: true, style, columns: 30 })[2]).toHaveLength(65);
});

test("progress moves on a terminal only, and leaves no timer behind", async () => {
  const clock = new VirtualClock();
  const shown = (isTTY: boolean, env: Record<string, string> = {}) => {
    const stderr: OutputStream = new PassThrough();
    const chunks: string[] = [];
    stderr.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    Object.assign(stderr, { isTTY, columns: 40 });
    return { progress: new Progress({ stderr, clock, env } as unknown as Host), text: () => chunks.join("") };
  };
  const terminal = shown(true);
  terminal.progress.busy("building");
  await clock.advance(2500);
  expect(terminal.text()).toContain("building\u001b[2m  2 s");
  terminal.progress.idle();
  expect(terminal.text().endsWith("\r\u001b[K")).toBe(true);
  expect(clock.pending).toBe(0);

  for (const quiet of [shown(false), shown(true, { CI: "1" })]) {
    quiet.progress.busy("building");
    await clock.advance(2500);
    quiet.progress.line("done");
    await clock.advance(1);
    expect(quiet.text()).toBe("done\n");
  }
  expect(clock.pending).toBe(0);
});
