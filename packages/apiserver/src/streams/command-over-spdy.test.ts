import { duplexPair } from "node:stream";
import { silentLogger } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { statusOf } from "../rest/respond.ts";
import { localStreams } from "../testing/local-streams.fixture.ts";
import { serveOutputOverSpdy, serveProcessOverSpdy } from "./command-over-spdy.ts";
import { compressor, openStream } from "./spdy/client.fixture.ts";
import { dataFrame, readFrames } from "./spdy/frames.ts";

const NAMES = ["error", "stdin", "stdout", "stderr", "resize"];
const numberOf = (name: string) => 2 * NAMES.indexOf(name) + 1;

/** A client on one end; what it is told, by stream. */
function client(wanted: { stdin: boolean; stdout: boolean; stderr: boolean }, terminal = false) {
  const [connection, theirs] = duplexPair();
  const clock = new VirtualClock();
  const told: Record<string, string> = {};
  const compress = compressor();
  const listening = (async () => {
    for await (const frame of readFrames(theirs as AsyncIterable<Buffer>)) {
      const name = frame.kind === "data" ? NAMES[(frame.stream - 1) / 2] : undefined;
      if (name && frame.kind === "data") told[name] = `${told[name] ?? ""}${frame.body.toString()}${frame.fin ? "|" : ""}`;
    }
  })();
  // Of a client that goes in the middle nobody asks.
  listening.catch(() => undefined);
  return {
    command: { connection, clock, wanted, terminal, failure: (error: unknown) => statusOf(error, silentLogger) },
    clock,
    told,
    theirs,
    listening,
    async open(...names: string[]) {
      for (const name of names) theirs.write(await openStream(compress, numberOf(name), { streamType: name }));
    },
    say: (name: string, text: string, fin = false) => theirs.write(dataFrame(numberOf(name), Buffer.from(text), fin)),
  };
}
const shell = (script: string, stdin = false, terminal = false) => ({ command: ["sh", "-c", script], container: "c", stdin, terminal });

test("input, both outputs and how it ended, each on its stream, after all of them were opened", async () => {
  const { command, told, open, say, listening } = client({ stdin: true, stdout: true, stderr: true });
  const { podStreams } = localStreams();
  const served = serveProcessOverSpdy(command, await podStreams.exec("n", "p", shell("cat; echo bad >&2; exit 3", true)));
  await open("stdout", "error", "stdin");
  say("stdin", "hello", true);
  await open("stderr");
  await Promise.all([served, listening]);
  expect(told).toMatchObject({ stdout: "hello|", stderr: "bad\n|" });
  expect(JSON.parse(String(told["error"]).replace("|", ""))).toMatchObject({ details: { causes: [{ reason: "ExitCode", message: "3" }] } });
});

test("what a command printed before the streams were there is not lost when it has ended by then", async () => {
  const { command, told, open, listening } = client({ stdin: false, stdout: true, stderr: true });
  const { podStreams, running } = localStreams();
  const served = serveProcessOverSpdy(command, await podStreams.exec("n", "p", shell("echo out")));
  await eventually(() => running.size === 0);
  await open("error", "stdout", "stderr");
  await Promise.all([served, listening]);
  expect(told).toEqual({ stdout: "out\n|", stderr: "|", error: '{"metadata":{},"status":"Success"}|' });
});

test("sizes of a terminal come in pieces, and what is none is left out", async () => {
  const { command, open, say, listening } = client({ stdin: true, stdout: true, stderr: false }, true);
  const { podStreams, sizes } = localStreams();
  const served = serveProcessOverSpdy(command, await podStreams.exec("n", "p", shell("cat", true, true)));
  await open("error", "stdin", "stdout", "resize");
  say("resize", '{"Width":80,"Height":24}\nnonsense\n{"Wid');
  say("resize", 'th":90,"Height":30}\n');
  await eventually(() => sizes.length === 2);
  say("stdin", "", true);
  await Promise.all([served, listening]);
  expect(sizes).toEqual(["80x24", "90x30"]);
});

test("a command ends with its client, and with one that does not open its streams in time", async () => {
  const { podStreams, running } = localStreams();
  const gone = client({ stdin: false, stdout: true, stderr: false });
  const first = serveProcessOverSpdy(gone.command, await podStreams.exec("n", "p", shell("sleep 100")));
  await gone.open("error", "stdout");
  gone.theirs.destroy();
  gone.command.connection.destroy();
  await first;
  const slow = client({ stdin: false, stdout: true, stderr: false });
  const second = serveProcessOverSpdy(slow.command, await podStreams.exec("n", "p", shell("sleep 100")));
  await slow.open("error");
  await slow.clock.advance(30_000);
  await second;
  await eventually(() => running.size === 0);
});

test("what a Pod prints goes to the streams that were asked for, to its end", async () => {
  const { command, told, open, listening } = client({ stdin: false, stdout: true, stderr: false });
  const served = serveOutputOverSpdy(
    command,
    (async function* lines() {
      yield { time: 0, stream: "stdout" as const, text: "out" };
      yield { time: 0, stream: "stderr" as const, text: "err" };
    })(),
  );
  await open("error", "stdout");
  await Promise.all([served, listening]);
  expect(told).toEqual({ stdout: "out\n|", error: '{"metadata":{},"status":"Success"}|' });
});
