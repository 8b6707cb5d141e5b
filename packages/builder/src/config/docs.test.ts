import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { referencePage, schemaText } from "./docs.ts";
import { parseConfig } from "./parse.ts";

const REFERENCE = join(import.meta.dirname, "../../../../docs/reference");

/** They are published files: after a change of the schema, `npx vitest run packages/builder/src/config -u && npm run format` writes them anew. */
describe("the published files are current", () => {
  it("ebb.schema.json", async () => {
    const path = join(REFERENCE, "ebb.schema.json");
    const published: unknown = JSON.parse(await readFile(path, "utf8").catch(() => "null"));
    // The formatter has its own layout of JSON; what counts is the value.
    if (!isDeepStrictEqual(published, JSON.parse(schemaText()))) await expect(schemaText()).toMatchFileSnapshot(path);
  });

  it("ebb-yaml.md", async () => {
    await expect(referencePage()).toMatchFileSnapshot(join(REFERENCE, "ebb-yaml.md"));
  });
});

it("every example on the reference page is valid", () => {
  const examples = [...referencePage().matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? "");
  expect(examples.length).toBeGreaterThan(3);
  for (const example of examples) parseConfig(example);
});
