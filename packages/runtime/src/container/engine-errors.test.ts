import { expect, test } from "vitest";
import { startError } from "./engine-errors.ts";

/** As Podman 4.3 says it, by netavark 1.4. */
const NO_IPTABLES = "(HTTP code 500) server error - netavark: No such file or directory (os error 2)";
/** As Podman says it, by runc. */
const NO_PROGRAM =
  '(HTTP code 404) no such container - runc: runc create failed: unable to start container process: exec: "/nowhere": stat /nowhere: no such file or directory: OCI runtime attempted to invoke a command that was not found';

test("a program that is not in the image is told apart from one that the engine's network lacks", () => {
  expect(startError(new Error(NO_PROGRAM), "shop:1")).toMatchObject({ code: "CannotRun", message: expect.stringContaining("/nowhere") });
  expect(startError(new Error(NO_IPTABLES), "shop:1")).toMatchObject({
    code: "NoContainerNetwork",
    message: expect.stringContaining("could not give shop:1 a network: netavark"),
    hint: expect.stringContaining("apt install iptables"),
  });
});
