import { createClient } from "@ebb/api";
import { systemClock } from "@ebb/base";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { expect, onTestFinished, test } from "vitest";
import { anOperation, startPlatform, TOKEN } from "../testing/platform.ts";
import { ACT_TOOLS } from "./act-tools.ts";
import { READ_TOOLS } from "./read-tools.ts";
import { createMcpServer } from "./server.ts";
import { settle } from "./settle.ts";

async function agent(options: { readOnly?: boolean; operation?: ReturnType<typeof anOperation> } = {}) {
  const platform = await startPlatform(options.operation);
  const client = createClient({ baseUrl: platform.url, token: TOKEN });
  const tools = [...READ_TOOLS, ...(options.readOnly ? [] : ACT_TOOLS)];
  const deps = { client, settle: (operation: Parameters<typeof settle>[1]) => settle({ client, clock: systemClock }, operation) };
  const server = createMcpServer({ tools, version: "0", deps });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const mcp = new Client({ name: "test", version: "0" });
  await Promise.all([server.connect(ours), mcp.connect(theirs)]);
  onTestFinished(() => mcp.close());
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { content, isError = false } = await mcp.callTool({ name, arguments: args });
    const [first] = content as { text: string }[];
    return { isError, value: JSON.parse(first?.text ?? "null") as unknown };
  };
  return { platform, mcp, call };
}

test("an agent sees the tools with their schemas, and without those that act when it may only read", async () => {
  const { mcp } = await agent();
  const { tools } = await mcp.listTools();
  expect(tools.map(({ name }) => name)).toEqual([...READ_TOOLS, ...ACT_TOOLS].map(({ name }) => name));
  const deploy = tools.find(({ name }) => name === "deploy_image");
  expect(deploy).toMatchObject({
    annotations: { readOnlyHint: false },
    inputSchema: { type: "object", required: ["app", "environment", "image"] },
  });
  const reader = await agent({ readOnly: true });
  expect((await reader.mcp.listTools()).tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
  expect(await reader.call("rollback", { app: "hello", environment: "test" })).toMatchObject({ isError: true });
  expect(reader.platform.calls).toEqual([]);
});

test("no tool approves, deletes what stays, or takes a secret", () => {
  const names = [...READ_TOOLS, ...ACT_TOOLS].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => /approve|vote|delete|secret|token|user|member/.test(name))).toEqual([]);
});

test("it reads, and acts to the end of the operation", async () => {
  const { call, platform } = await agent();
  expect(await call("list_apps")).toMatchObject({ isError: false, value: [{ name: "hello" }, { name: "site" }] });
  const rolled = await call("rollback", { app: "hello", environment: "test" });
  expect(rolled, JSON.stringify(rolled)).toMatchObject({ isError: false, value: { state: "succeeded" } });
  expect(platform.calls.map(({ method, url }) => `${method} ${url}`)).toContain("POST /api/v1/apps/hello/environments/test/rollback");
});

test("it deploys from Git, of the application's own repository or of another", async () => {
  const { call, platform } = await agent();
  platform.answer("POST /deployments/git", () => anOperation());
  expect(await call("deploy_git", { app: "hello", environment: "test", ref: "main" })).toMatchObject({ value: { state: "succeeded" } });
  expect(platform.calls.find(({ url }) => url.endsWith("/deployments/git"))?.body).toEqual({
    name: "hello",
    environment: "test",
    ref: "main",
  });
  platform.answer("PUT /apps/hello/repository", () => ({ app: "hello", url: "https://git.example/acme/hello" }));
  const rules = [{ branch: "main", environment: "test" }];
  expect(await call("link_repository", { app: "hello", url: "https://git.example/acme/hello", rules })).toMatchObject({ isError: false });
  expect(await call("link_repository", { app: "hello", rules })).toMatchObject({ isError: true });
});

test("what is refused is told with what to do, and bad input never reaches the platform", async () => {
  const { call, platform } = await agent();
  const before = platform.calls.length;
  expect(await call("rollback", { app: "hello" })).toMatchObject({
    isError: true,
    value: { error: expect.stringContaining("environment") },
  });
  expect(await call("set_traffic", { app: "hello", environment: "test", targets: [], more: 1 })).toMatchObject({ isError: true });
  expect(platform.calls).toHaveLength(before);
  expect(await call("get_operation", { id: "nobody" })).toMatchObject({ isError: true, value: { error: expect.any(String) } });
});

test("an operation that waits for a person is told as waiting, not waited for", async () => {
  const { call } = await agent({ operation: anOperation({ state: "waiting", finishedAt: null }) });
  expect(await call("rollback", { app: "hello", environment: "test" })).toMatchObject({ isError: false, value: { state: "waiting" } });
});
