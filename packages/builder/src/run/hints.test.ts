import { describe, expect, it } from "vitest";
import { likelyFix } from "./hints.ts";
import { BuildOutputLines } from "./output.ts";

describe("likelyFix", () => {
  it.each([
    ["npm error network request to https://r.example/x failed, reason: getaddrinfo ENOTFOUND r.example", "cannot be reached (r.example)"],
    ["npm error code E404\nnpm error 404 Not Found - GET - 'left-padd@^9.0.0'", "is not in the registry"],
    ["npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync", "lockfile does not match"],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
    ["Error: Cannot find module 'express'", "The module express is missing"],
    ["[vite]: Rollup failed\nModule not found: Error: Can't resolve 'lodash' in '/x'", "The module lodash is missing"],
    ['npm error Missing script: "build"', "no script build"],
    ["ModuleNotFoundError: No module named 'flask'", "Python module flask is missing"],
    ["ERROR: No matching distribution found for djanngo==5", "pip has no djanngo==5"],
    ["main.go:4:2: no required module provides package github.com/x/y; to add it:", "go.mod lacks github.com/x/y"],
    ["write /tmp/x: no space left on device", "The disk is full"],
    ["/bin/sh: 1: hugo: not found", "The program hugo is not on the machine"],
    ["sh: 1: tsc: not found", "The program tsc is not on the machine"],
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "ran out of memory"],
    ["mkdir: cannot create directory '/data': Permission denied", "may write only in its own folder"],
    ["src/a.ts(3,1): error TS2304: Cannot find name 'x'.", "does not compile"],
  ])("%s", (line, hint) => {
    expect(likelyFix(["something before", ...line.split("\n")])).toContain(hint);
  });

  it("says nothing about what it does not know", () => {
    expect(likelyFix(["all is well", "1 test failed"])).toBeUndefined();
  });
});

describe("BuildOutputLines", () => {
  function linesOf(...chunks: (string | Buffer)[]): string[] {
    const lines: string[] = [];
    const output = new BuildOutputLines((line) => lines.push(line));
    for (const chunk of chunks) output.write(Buffer.from(chunk));
    output.end();
    return lines;
  }

  it("joins what comes in pieces, also within a character", () => {
    const [head, tail] = [Buffer.from("caf\u00e9\n").subarray(0, 4), Buffer.from("caf\u00e9\n").subarray(4)];
    expect(linesOf(head, tail, "no end")).toEqual(["café", "no end"]);
  });

  it("drops colours and what a progress bar has overwritten", () => {
    expect(linesOf("\u001b[32mdone\u001b[0m\r\n", "10%\r50%\r100%\n")).toEqual(["done", "100%"]);
  });

  it("keeps the last 50 lines for the error, also past the number that is shown", () => {
    const shown: string[] = [];
    const output = new BuildOutputLines((line) => shown.push(line));
    for (let i = 0; i < 20_100; i++) output.line(`line ${i}`);
    expect(shown).toHaveLength(20_001);
    expect([output.last.length, output.last.at(-1)]).toEqual([50, "line 20099"]);
  });
});
