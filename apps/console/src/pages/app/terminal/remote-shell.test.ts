import { expect, test } from "vitest";
import { endOf } from "./remote-shell.ts";

test.each([
  ["a shell that ended well", { status: "Success" }, { exit: 0 }],
  [
    "one whose last command failed",
    { status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: "130" }] } },
    { exit: 130 },
  ],
  [
    "an image without a shell",
    { status: "Failure", message: 'exec: "sh": executable file not found', details: { causes: [] } },
    { failure: 'exec: "sh": executable file not found', hint: null },
  ],
  ["a refusal", { status: "Failure", message: "gone", hint: "Wake it." }, { failure: "gone", hint: "Wake it." }],
])("%s", (_, status, end) => expect(endOf(JSON.stringify(status))).toEqual(end));

test("something else than a Status is told as it is", () => expect(endOf("oops")).toEqual({ failure: "oops", hint: null }));
