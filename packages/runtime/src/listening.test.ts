import { createServer, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { explainListeners, parseListeners, readListeners, type Listener } from "./listening.ts";
import { diagnoseProcess } from "./process/diagnose.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0BB8 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0
   3: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0
   4: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9 1 0
   5: B80D01200000000000000000010A0000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10 1 0
 torn`;

it("reads the kernel's tables", () => {
  expect(parseListeners(TABLE)).toEqual([
    { host: "127.0.0.1", port: 3000, inode: "4242" },
    { host: "::", port: 8080, inode: "7" },
    { host: "::1", port: 8081, inode: "8" },
    { host: "127.0.0.1", port: 8082, inode: "9" },
    { host: "2001:db8:0:0:0:0:0:a01", port: 8083, inode: "10" },
  ]);
});

const EXPECTED = { port: 21034, hosts: ["127.0.0.1", "0.0.0.0", "::"], advice: "use $PORT" };
const on = (...pairs: [string, number][]): Listener[] => pairs.map(([host, port]) => ({ host, port, inode: "" }));

it.each([
  [on(["127.0.0.1", 21034]), undefined],
  [on(["::", 21034]), undefined],
  [
    on(["::1", 21034], ["127.0.0.1", 9229]),
    "listens on ::1:21034 only, but requests come to 127.0.0.1:21034: listen on 127.0.0.1 or 0.0.0.0",
  ],
  [on(["0.0.0.0", 3000], ["::", 3000], ["::", 80]), "listens on 80, 3000, but requests come to $PORT (21034): use $PORT"],
  [on(), "does not listen on any port yet, but requests come to port 21034: use $PORT"],
])("%j: %s", (listeners, sentence) => {
  expect(explainListeners(listeners, EXPECTED)).toBe(sentence);
});

it("finds the sockets of a process", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(readListeners().some((listener) => listener.port === port && listener.host === "127.0.0.1")).toBe(true);
  expect(diagnoseProcess([process.pid], port)).toBeUndefined();
  expect(diagnoseProcess([process.pid], 1)).toContain(String(port));
  expect(diagnoseProcess([], 1)).toContain("does not listen on any port");
});
