/** Writes docs/reference/cli.md from the commands' data; apps/cli/src/reference/markdown.test.ts fails when it is not current. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMANDS } from "../apps/cli/src/commands.ts";
import { referenceMarkdown } from "../apps/cli/src/reference/markdown.ts";

await writeFile(join(import.meta.dirname, "../docs/reference/cli.md"), referenceMarkdown(COMMANDS));
