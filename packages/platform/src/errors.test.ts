import { BUILD_ERRORS } from "@ebb/builder";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { OPERATION_ERRORS, REQUEST_ERRORS } from "./errors.ts";

const root = new URL("../../../", import.meta.url);

/** The cells of the table under a heading, without its head. */
async function table(file: string, heading: string): Promise<string[][]> {
  const text = await readFile(new URL(file, root), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

test("docs/reference/errors.md has every code with its status, and no other", async () => {
  const requests = await table("docs/reference/errors.md", "Requests");
  expect(requests.map(([code, status]) => `${code} ${status}`).sort()).toEqual(
    Object.entries(REQUEST_ERRORS)
      .map(([code, { status }]) => `${code} ${status}`)
      .sort(),
  );
  const operations = await table("docs/reference/errors.md", "Operations");
  expect(new Set(operations.map(([code]) => code))).toEqual(new Set(Object.keys(OPERATION_ERRORS)));
  const builds = await table("docs/reference/errors.md", "Builds");
  expect(Object.fromEntries(builds)).toEqual(
    Object.fromEntries(Object.entries(BUILD_ERRORS).map(([code, hint]) => [code, hint.replaceAll("`", "")])),
  );
  for (const row of [...requests, ...operations]) expect(row.at(-1)?.length, row[0]).toBeGreaterThan(10);
});
