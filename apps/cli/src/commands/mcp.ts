import { defineCommand } from "../command.ts";
import { settle } from "../mcp/settle.ts";

export const mcpCommand = defineCommand({
  name: "mcp",
  summary: "Serves the platform to an agent by the Model Context Protocol, over stdio",
  description:
    "Its tools read, explain, plan, and act with the token of this command line: no more than you may, with the approvals that your changes take. None approves, deletes what stays, or sees a secret.",
  args: {},
  options: { "read-only": { kind: "flag", summary: "Without the tools that change something" } },
  uses: "platform",
  examples: [
    { run: "ebb mcp --read-only", what: "As the command of an MCP server in an agent's settings" },
    { run: "ebb mcp --server https://ebb.example.com", what: "Of another platform, with its token in EBB_TOKEN" },
  ],
  async run(context, { options }) {
    // Only this command pays for loading them.
    const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js");
    const { createMcpServer } = await import("../mcp/server.ts");
    const { READ_TOOLS } = await import("../mcp/read-tools.ts");
    const { ACT_TOOLS } = await import("../mcp/act-tools.ts");
    const client = await context.connect();
    const { version } = await client.status();
    const { host } = context;
    const tools = [...READ_TOOLS, ...(options["read-only"] ? [] : ACT_TOOLS)];
    const deps = { client, settle: (operation: Parameters<typeof settle>[1]) => settle({ client, clock: host.clock }, operation) };
    const server = createMcpServer({ tools, version, deps });
    const ended = new Promise<void>((resolve) => {
      host.stdin.once("end", () => resolve());
      host.stdin.once("close", () => resolve());
      host.interrupted.addEventListener("abort", () => resolve(), { once: true });
    });
    await server.connect(new StdioServerTransport(host.stdin, host.stdout));
    await ended;
    await server.close();
  },
});
