import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";
import { expandVariables } from "./expand-variables.ts";
import { imageProblem } from "./image-reference.ts";
import { canonicalQuantity, cpuMillis, isQuantity, memoryBytes } from "./quantity.ts";

test.each([
  ["1", 1000],
  ["500m", 500],
  ["0.1", 100],
  ["1.5", 1500],
  ["100u", 1],
  ["2e1", 20_000],
])("cpu %s", (text, millis) => {
  expect(cpuMillis(text)).toBe(millis);
});

test.each([
  ["128Mi", 134_217_728],
  ["1G", 1e9],
  ["1.5Gi", 1_610_612_736],
  ["100", 100],
  ["1e3", 1000],
  ["1500m", 2],
])("memory %s", (text, bytes) => {
  expect(memoryBytes(text)).toBe(bytes);
});

// As k8s.io/apimachinery's resource.Quantity writes them.
test.each([
  ["0 0Mi", "0"],
  ["0.5 500m", "500m"],
  ["1000m 1", "1"],
  ["1000", "1k"],
  ["1500", "1500"],
  ["1e3", "1e3"],
  ["1500e3", "1500e3"],
  ["1e-3", "1e-3"],
  ["3e-9", "3e-9"],
  ["1e18", "1e18"],
  ["1024Mi", "1Gi"],
  ["0.5Gi", "512Mi"],
  ["1000Ki", "1000Ki"],
  ["1.5Gi", "1536Mi"],
  ["0.5Ki 512", "512"],
  ["1048576", "1048576"],
  ["0.1n", "1n"],
  ["1.25", "1250m"],
  ["-0.5", "-500m"],
  ["12345678901234567", "12345678901234567"],
  ["5E", "5E"],
  ["999m", "999m"],
  ["1Ki", "1Ki"],
  ["100Mi", "100Mi"],
  ["0e3", "0"],
  ["1Ei", "1Ei"],
  ["1.3Ki", "1331200m"],
  ["0.0005", "500u"],
])("%s is stored as %s", (texts, stored) => {
  for (const text of texts.split(" ")) expect(canonicalQuantity(text)).toBe(stored);
});

test.each(["", "Mi", "1 Gi", "1gb", "--1", "0x10", "1e", "NaN"])("%j is no quantity", (text) => {
  expect(isQuantity(text)).toBe(false);
  expect(() => memoryBytes(text)).toThrow("is not a quantity");
});

test("what is far too long for a quantity is none, and is not looked at for long", () => {
  const digits = "1".repeat(1_000_000);
  for (const text of [`${digits}x`, `${digits}.${digits}x`, digits]) {
    expect(isQuantity(text)).toBe(false);
    expect(canonicalQuantity(text)).toBeUndefined();
    expect(() => cpuMillis(text)).toThrow("is not a quantity");
  }
});

// The cases of k8s.io/kubernetes' expansion_test.go that tell its rules apart.
test.each([
  ["$(A)", "a"],
  ["x-$(A)-$(B)", "x-a-b"],
  ["$(UNKNOWN)", "$(UNKNOWN)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$a"],
  ["$A", "$A"],
  ["$(A", "$(A"],
  ["$$", "$"],
  ["$(constructor)", "$(constructor)"],
])("%s expands to %s", (text, expected) => {
  expect(expandVariables(text, { A: "a", B: "b" })).toBe(expected);
});

test.each([
  ["1m30s", 90_000],
  ["0.5h", 1_800_000],
  ["-2s", -2000],
  ["0", 0],
  ["1500ms", 1500],
  ["5", undefined],
  ["1d", undefined],
  ["", undefined],
])("duration %j", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each([
  "nginx",
  "a",
  "nginx:1.27",
  "ghcr.io/knative/helloworld-go:latest",
  "localhost:5000/a/b@sha256:" + "0".repeat(64),
  "bundle.ebb.local/hello@sha256:" + "ab".repeat(32),
])("%s is an image", (image) => {
  expect(imageProblem(image)).toBeUndefined();
});

test.each(["", "A b", "nginx:", "UPPER/case", "x@sha256:12", "a@b@c", "http://x/y", `x:${"t".repeat(129)}`])("%j is no image", (image) => {
  expect(imageProblem(image)).toContain("could not parse reference");
});
