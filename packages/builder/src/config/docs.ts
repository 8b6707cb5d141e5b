import { EbbConfig } from "./schema.ts";

interface Field {
  type?: string;
  title?: string;
  const?: string;
  description?: string;
  default?: string | number | boolean;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  anyOf?: Field[];
  items?: Field;
  properties?: Record<string, Field>;
}

/** docs/reference/ebb.schema.json: what editors complete and check by. */
export function schemaText(): string {
  return `${JSON.stringify(EbbConfig, null, 2)}\n`;
}

/** docs/reference/ebb-yaml.md, from the schema's own descriptions. */
export function referencePage(): string {
  const fields = EbbConfig.properties as unknown as Record<string, Field>;
  const groups = Object.entries(fields).filter(([, field]) => field.properties !== undefined);
  return [
    INTRODUCTION,
    "## Fields\n",
    table(fields),
    ...groups.map(([name, field]) => `## \`${name}\`\n\n${field.description ?? ""}\n\n${table(field.properties ?? {})}`),
    CLOSING,
  ].join("\n");
}

function table(fields: Record<string, Field>): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    const more = field.properties === undefined ? "" : ` See [below](#${name}).`;
    const example = field.examples?.map((one) => `\`${yaml(one)}\``).join(", ") ?? "";
    return `| \`${name}\` | ${typeOf(field)} | ${field.description ?? ""}${more} | ${field.default === undefined ? "" : `\`${field.default}\``} | ${example} |`;
  });
  return `| field | value | meaning | default | example |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function typeOf(field: Field): string {
  if (field.title === "duration") return "duration";
  const choices = field.anyOf?.flatMap((one) => (one.const === undefined ? [] : [`\`${one.const}\``])) ?? [];
  if (choices.length > 0) return choices.join(", ");
  if (field.anyOf) return [...new Set(field.anyOf.map(typeOf))].join(" or ");
  if (field.type === "array") return `list of ${field.items === undefined ? "values" : `${typeOf(field.items)}s`}`;
  if (field.type === "object") return "map";
  if (field.type === "boolean") return "`true`, `false`";
  if (field.type === "string") return "text";
  const range = field.minimum === undefined || field.maximum === undefined ? "" : ` ${field.minimum}–${field.maximum}`;
  return `${field.type === "integer" ? "whole number" : "number"}${range}`;
}

function yaml(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((one) => (typeof one === "string" && /[*$,]/.test(one) ? JSON.stringify(one) : yaml(one))).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${String(one)}`)
    .join(", ")} }`;
}

const INTRODUCTION = `<!-- Made from packages/builder/src/config/schema.ts: \`npx vitest run packages/builder/src/config -u\`. -->

# ebb.yaml

How Ebb builds and runs an application. The file stands in the root of the source, and every field is optional: what is left out is found in
the source ([how](../guide/deploy.md)). It is checked strictly: an unknown field, a wrong type or a contradiction fails the deployment, with
the line and column.

\`\`\`yaml
# yaml-language-server: $schema=http://localhost:8090/api/v1/schemas/ebb.json
name: shop
build: [npm ci, npm run build]
command: node server.js
env:
  LOG_LEVEL: info
secrets: [DATABASE_URL]
scaling: { min: 0, max: 5, concurrency: 50, idle: 5m }
resources: { cpu: 500m, memory: 256Mi }
health: { path: /healthz }
\`\`\`

With that first line, editors that know the YAML language server (VS Code, Neovim, JetBrains …) complete and check the file. The schema is
also in the repository: [ebb.schema.json](ebb.schema.json).
`;

const CLOSING = `## Values

- A **duration** is a number of seconds, or a number with \`ms\`, \`s\`, \`m\` or \`h\`: \`90\`, \`500ms\`, \`60s\`, \`5m\`.
- **Kubernetes quantities**: \`500m\` is half a CPU; \`Ki\`, \`Mi\`, \`Gi\` are powers of 1024, \`k\`, \`M\`, \`G\` powers of 1000.
- \`$PORT\` is replaced in every element of the command. In a command that is one text, the shell also knows \`$HOME\`, \`$TMPDIR\` and all
  variables of \`env\` and \`secrets\`.

## What does not go together

| fields | why |
|---|---|
| \`kind: site\` with \`command\` | a site is served by Ebb's own web server |
| \`publish\` or \`spa\` with \`kind: application\` | they are about sites; \`publish\` alone makes it a site |
| \`build\` with a Dockerfile | the Dockerfile says how to build |
| \`scaling.min\` above \`scaling.max\` | |

## Examples

A folder of files, with the build of some other tool:

\`\`\`yaml
kind: site
build: hugo --minify
publish: public
\`\`\`

A program that takes its port as an option and keeps files while it runs:

\`\`\`yaml
language: custom
build: make
command: ./server --listen 127.0.0.1:$PORT --data "$TMPDIR"
\`\`\`

A gRPC server:

\`\`\`yaml
protocol: h2c
scaling: { max: 3, concurrency: 100 }
\`\`\`
`;
