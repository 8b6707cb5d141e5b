import { expectationOf } from "@ebb/api";
import type { FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";

type Complaint = FastifySchemaValidationError;

/**
 * What is wrong with a value, as people say it: of something that may be one of several, what is wrong with the one that it comes nearest to, and
 * of words, which there are.
 */
export function inWords(complaints: readonly Complaint[], schema: TSchema): Complaint[] {
  const rest = nearest(
    complaints.filter(({ keyword, params }) => keyword !== "anyOf" && !(keyword === "type" && params["type"] === "null")),
  );
  const telling = rest.length > 0 ? rest : complaints;
  // What is not known is told once, by its name, and not again by the object that it is in.
  const unknown = telling.some(({ keyword }) => keyword === "boolean");
  return telling
    .filter(({ keyword }) => !(unknown && keyword === "additionalProperties"))
    .map((each) => ({ ...each, message: wordsOf(each, schema) }));
}

/** `#/properties/state/anyOf/0/…` belongs to the alternatives `#/properties/state`, as the first of them; those inside of it come after them. */
const ALTERNATIVE = /^(.*?\/anyOf\/)(\d+)(?=\/|$)/;

/** `seen`: characters of the path whose alternatives have been chosen from already. */
function nearest(complaints: readonly Complaint[], seen = 0): Complaint[] {
  const groups = Map.groupBy(complaints, ({ schemaPath }) => ALTERNATIVE.exec(schemaPath.slice(seen))?.[1]);
  return [...groups].flatMap(([of, group]) => (of === undefined ? group : ofAlternatives(group, seen + of.length)));
}

function ofAlternatives(group: readonly Complaint[], seen: number): Complaint[] {
  const choices = [...Map.groupBy(group, ({ schemaPath }) => Number.parseInt(schemaPath.slice(seen), 10)).values()];
  const words = choices.map((choice) => choice.find(({ keyword }) => keyword === "const"));
  const [first] = words;
  if (first && words.every((word) => word !== undefined)) {
    const allowed = words.map(({ params }) => String(params["allowedValue"]));
    return [{ ...first, keyword: "enum", params: { allowed } }];
  }
  const [best = []] = choices.toSorted((one, other) => farness(one) - farness(other));
  return nearest(best, seen);
}

/** What lacks something, or has what is not known, is another kind of thing; what has all of it and one value wrong is what was meant. */
function farness(choice: readonly Complaint[]): number {
  const anotherKind = ({ keyword }: Complaint) => keyword === "required" || keyword === "boolean" || keyword === "type";
  return choice.length + 10 * choice.filter(anotherKind).length;
}

const KINDS: Readonly<Record<string, string>> = {
  integer: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function wordsOf(complaint: Complaint, schema: TSchema): string {
  const { keyword, params, message = "is invalid" } = complaint;
  const limit = String(params["limit"]);
  switch (keyword) {
    case "pattern": {
      const expected = expectationOf(schema, complaint);
      return expected === undefined ? message : `is not as it has to be: ${expected}`;
    }
    case "required":
      return `lacks ${(params["requiredProperties"] as string[]).join(", ")}`;
    case "boolean":
      return "is not known here";
    case "enum":
      return `must be one of ${(params["allowed"] as string[]).join(", ")}`;
    case "const":
      return `must be ${String(params["allowedValue"])}`;
    case "type":
      return `must be ${KINDS[String(params["type"])] ?? String(params["type"])}`;
    case "minimum":
      return `must be at least ${limit}`;
    case "maximum":
      return `must be at most ${limit}`;
    default:
      return message;
  }
}
