import type { Client, Operation } from "@ebb/api";
import { Type, type Static, type TObject } from "typebox";
import { Value } from "typebox/value";
import { usageError } from "../failure.ts";

/** What a tool may do: look, or change something with the rights of whoever has started the server. */
export type ToolKind = "read" | "act";

export interface ToolDeps {
  client: Client;
  /** Waits for the end of an operation, as long as an agent may be kept waiting; one that goes on is told as it is then. */
  settle: (operation: Operation) => Promise<Operation>;
}

/** A tool as data. */
export interface Tool {
  readonly name: string;
  readonly kind: ToolKind;
  /** For the model: what it does, and when to use it. */
  readonly description: string;
  readonly input: TObject;
  /** Throws ApiError and Failure; what it returns is told as JSON. */
  run(deps: ToolDeps, args: unknown): Promise<unknown>;
}

interface ToolSpec<T extends TObject> extends Omit<Tool, "input" | "run"> {
  readonly input: T;
  run(deps: ToolDeps, args: Static<T>): Promise<unknown>;
}

/** Checks what comes against the tool's own schema. */
export function defineTool<T extends TObject>(spec: ToolSpec<T>): Tool {
  return {
    ...spec,
    async run(deps, args) {
      if (Value.Check(spec.input, args)) return spec.run(deps, args);
      const [first] = Value.Errors(spec.input, args);
      throw usageError(
        `${first?.instancePath || "the input"} ${first?.message ?? "does not fit"}`,
        `See the input schema of ${spec.name}.`,
      );
    },
  };
}

export const text = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description });
export const AT = {
  app: text("The application's name"),
  environment: text("The environment's name: test, staging, prod …"),
};
export const TEAM = { team: Type.Optional(text("The team; `default` otherwise")) };
export const input = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
