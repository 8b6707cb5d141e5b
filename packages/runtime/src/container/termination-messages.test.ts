import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemRandom } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { TerminationMessages } from "./termination-messages.ts";

async function places() {
  const folder = await tempDir("ebb-messages-");
  const memory = join("/dev/shm", `ebb-test-${systemRandom.suffix(8)}`);
  onTestFinished(async () => {
    rmSync(memory, { recursive: true, force: true });
    await folder.remove();
  });
  return { memory, disk: join(folder.path, "disk"), elsewhere: join(folder.path, "no-memory") };
}

test("a program's last words are in memory where there is such a place, else on the disk", async () => {
  const { memory, disk, elsewhere } = await places();
  for (const [given, expected] of [
    [memory, memory],
    [elsewhere, disk],
    // A system without such a place refuses it.
    ["/dev/null/no-memory", disk],
  ] as const) {
    const messages = new TerminationMessages({ memory: given, disk });
    messages.prepare("a");
    expect(messages.path("a")).toBe(join(expected, ".message-a"));
    expect(messages.read("a")).toBeUndefined();
    writeFileSync(messages.path("a"), "gone");
    expect(messages.read("a")).toBe("gone");
    messages.remove("a");
    expect(messages.read("a")).toBeUndefined();
  }
});
