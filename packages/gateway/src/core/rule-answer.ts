import { STATUS_CODES } from "node:http";
import { answerFields } from "../rules/answer-changes.ts";
import type { RuleAnswer } from "../rules/answers.ts";
import type { ForwardPlan } from "../rules/decide.ts";
import type { ClientSide } from "./ports.ts";

/** Answers as a rule says. */
export function answerByRule(client: ClientSide, { status, fields, body }: RuleAnswer, plan: ForwardPlan): void {
  const bodyless = status === 204 || status === 304 || status < 200;
  client.answer({
    status,
    reason: STATUS_CODES[status] ?? "",
    fields: answerFields(plan, { status, fields }),
    framing: bodyless ? "none" : "length",
    length: bodyless ? 0 : body.length,
    keepAlive: true,
    keepAliveSeconds: -1,
    usual: undefined,
  });
  if (!bodyless && body.length > 0) client.write(body);
  client.end("");
}
