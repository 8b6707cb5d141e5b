import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CallToolRequestSchema, ListToolsRequestSchema, type CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { ApiError } from "@ebb/api";
import { toFailure } from "../failure.ts";
import type { Tool, ToolDeps } from "./tool.ts";

const INSTRUCTIONS =
  "Ebb runs applications in environments (test, staging, prod), each as immutable versions. Look before you change: read the state, plan or explain, then act. " +
  "A change is an operation: it ends as succeeded, failed (with why) or waits for a person's approval, which no tool gives.";

/** An MCP server over these tools; it knows nothing but the client that the tools are given. */
export function createMcpServer({ tools, version, deps }: { tools: readonly Tool[]; version: string; deps: ToolDeps }): McpServer {
  const mcp = new McpServer({ name: "ebb", version }, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
  mcp.server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, input, kind }) => ({
      name,
      description,
      // TypeBox schemas are JSON Schema; without what TypeBox itself keeps in them.
      inputSchema: JSON.parse(JSON.stringify(input)) as { type: "object" },
      annotations: { readOnlyHint: kind === "read", openWorldHint: false },
    })),
  }));
  mcp.server.setRequestHandler(CallToolRequestSchema, async ({ params }): Promise<CallToolResult> => {
    const tool = tools.find(({ name }) => name === params.name);
    if (!tool) return refusal(`there is no tool ${params.name}`);
    try {
      return said(await tool.run(deps, params.arguments ?? {}), false);
    } catch (error) {
      const failure = toFailure(error);
      return said({ error: failure.message, code: error instanceof ApiError ? error.problem.code : undefined, hint: failure.hint }, true);
    }
  });
  return mcp;
}

function refusal(error: string): CallToolResult {
  return said({ error }, true);
}

function said(value: unknown, isError: boolean): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 1) }], ...(isError ? { isError } : {}) };
}
