import { Type, type Static } from "typebox";

/**
 * `ebb.yaml`. The one source of the validation, of docs/reference/ebb.schema.json and of docs/reference/ebb-yaml.md: each description is
 * written for the reader of those, in Markdown.
 */
const strict = { additionalProperties: false };

/** For the seconds of a number or of `500ms`, `60s`, `5m`, `1h`. */
export const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/;
const duration = (description: string, example: string) =>
  Type.Union([Type.Number({ minimum: 0 }), Type.String({ pattern: DURATION.source })], {
    title: "duration",
    description,
    examples: [example],
  });

const Words = Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 256 });
const ShellLine = Type.String({ minLength: 1, maxLength: 16_384, pattern: "\\S" });
const VARIABLE = "^[A-Za-z_][A-Za-z0-9_]{0,254}$";
const APP = "^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$";
const SECRET = "^[A-Za-z_][A-Za-z0-9_]{0,254}$";

const Scaling = Type.Object(
  {
    min: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: "Instances that are kept running without traffic. `0` sleeps when unused.",
        default: 0,
      }),
    ),
    max: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: "The most instances at once. `0` is no limit of the application's own.",
        default: 10,
      }),
    ),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: "The most requests at once for one instance; further ones wait or go to another instance. `0` is no limit.",
        default: 0,
      }),
    ),
    target: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 1000,
        description:
          "Requests at once for one instance that the autoscaler aims at. Without it: the `concurrency`, or the platform's default of 100.",
      }),
    ),
    idle: Type.Optional(
      duration(
        "How long the last instance stays after the last request. Without it the autoscaler's stable window of 60 s alone decides.",
        "5m",
      ),
    ),
  },
  { ...strict, description: "How many instances run." },
);

const Resources = Type.Object(
  {
    cpu: Type.Optional(
      Type.Union(
        [Type.Number({ exclusiveMinimum: 0, maximum: 1024 }), Type.String({ pattern: "^([0-9]{1,6}m|[0-9]{1,4}(\\.[0-9]{1,3})?)$" })],
        {
          description: "CPUs for one instance, at most: `1`, `0.5` or `500m`.",
          examples: ["500m"],
        },
      ),
    ),
    memory: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,15}(Ki|Mi|Gi|Ti|k|M|G|T)?$",
        description: "Memory for one instance, at most; past it the instance is ended and started anew.",
        examples: ["256Mi"],
      }),
    ),
  },
  { ...strict, description: "Limits of each instance, as Kubernetes quantities." },
);

const Health = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        pattern: "^/[\\x21-\\x7e]*$",
        maxLength: 1024,
        description: "An HTTP path that answers 2xx or 3xx once the application can serve. Without it, an open port is enough.",
        examples: ["/healthz"],
      }),
    ),
    initialDelay: Type.Optional(duration("How long to wait after the start before the first probe.", "2s")),
    timeout: Type.Optional(duration("How long one probe may take. Kubernetes counts in whole seconds: it is rounded up.", "1s")),
  },
  { ...strict, description: "When an instance counts as ready." },
);

export const EbbConfig = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: APP,
        description:
          "The application's name, part of its URL: lower-case letters, digits and hyphens, starting with a letter, at most 52 characters. Without it: the folder's name. `--name` wins over both.",
        examples: ["shop"],
      }),
    ),
    kind: Type.Optional(
      Type.Union([Type.Literal("application"), Type.Literal("site")], {
        description: "`application` runs your program; `site` serves a folder of files with Ebb's own web server.",
        default: "application",
      }),
    ),
    language: Type.Optional(
      Type.Union(
        ["node", "python", "go", "rust", "static", "custom"].map((name) => Type.Literal(name)),
        {
          description:
            "Settles it when the source has files of several languages. `custom` looks for none: `build` and `command` say everything.",
        },
      ),
    ),
    dockerfile: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: "Build an image with this Dockerfile (a path inside the source), whatever else the source has.",
        examples: ["deploy/Dockerfile"],
      }),
    ),
    build: Type.Optional(
      Type.Union([ShellLine, Type.Array(ShellLine, { maxItems: 64 })], {
        description:
          "Shell commands that are run in the source folder, in order. They replace the ones that Ebb would run (such as `npm ci`); `[]` runs none.",
        examples: [["npm ci", "npm run build"]],
      }),
    ),
    command: Type.Optional(
      Type.Union([ShellLine, Words], {
        description:
          "What starts the application. A string is run by `/bin/sh` (with `node_modules/.bin` and `.venv/bin` on the PATH), a list as it is. `$PORT` is the port to listen on; the source folder is read-only, `$HOME` and `$TMPDIR` are writable and do not outlive the instance.",
        examples: ["node server.js", ["./server", "--port", "$PORT"]],
      }),
    ),
    publish: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: "Of a site: the folder that holds its files after the build.",
        examples: ["dist"],
      }),
    ),
    spa: Type.Optional(
      Type.Boolean({
        description: "Of a site: answer unknown paths with `index.html`, for applications that route in the browser.",
        default: false,
      }),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description:
          "The port that the application listens on inside its container. Without a container, each instance is given a port of its own in `$PORT`.",
        default: 8080,
      }),
    ),
    protocol: Type.Optional(
      Type.Union([Type.Literal("http1"), Type.Literal("h2c")], {
        description: "What the application speaks: HTTP/1.1 (with WebSocket), or HTTP/2 without TLS (gRPC).",
        default: "http1",
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: VARIABLE }), Type.Union([Type.String({ maxLength: 65_536 }), Type.Number(), Type.Boolean()]), {
        ...strict,
        maxProperties: 256,
        description: "Environment variables. Not for secrets: the file is part of the source.",
        examples: [{ LOG_LEVEL: "info" }],
      }),
    ),
    secrets: Type.Optional(
      Type.Union(
        [
          Type.Array(Type.String({ pattern: SECRET }), { maxItems: 256 }),
          Type.Record(Type.String({ pattern: VARIABLE }), Type.String({ pattern: SECRET }), { ...strict, maxProperties: 256 }),
        ],
        {
          description: "Secrets (`ebb secrets set`) to be put into the environment: their names, or `VARIABLE: name`.",
          examples: [["DATABASE_URL"], { PGPASSWORD: "DATABASE_PASSWORD" }],
        },
      ),
    ),
    dependsOn: Type.Optional(
      Type.Array(Type.String({ pattern: APP }), {
        maxItems: 50,
        uniqueItems: true,
        description:
          "Applications of its team that an environment which wakes wakes before this one; `[]` for none. Without it they stay as `ebb depends` says. A deploy keeps them for all environments, except one to a preview. A circle is refused.",
        examples: [["cart", "accounts"]],
      }),
    ),
    scaling: Type.Optional(Scaling),
    resources: Type.Optional(Resources),
    health: Type.Optional(Health),
    timeout: Type.Optional(duration("How long one request may take, at most 600 s; streams included.", "30s")),
    ignore: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), {
        maxItems: 256,
        description: "Patterns, as in `.gitignore`, of files that are left out of the build.",
        examples: [["*.psd", "docs/"]],
      }),
    ),
  },
  {
    ...strict,
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ebb.yaml",
    description: "How Ebb builds and runs an application. Every field is optional: what is left out is found in the source.",
  },
);
export type EbbConfig = Static<typeof EbbConfig>;
