import { isJsonObject, StatusError, type Json, type StatusBody, type StatusDetails, type StatusReason } from "@ebb/kube";

const REASONS: Readonly<Record<number, StatusReason>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
};
/** What a webhook says is shown to the client, within limits. */
const LONGEST_MESSAGE = 8192;
const MOST_CAUSES = 100;

/** A webhook's "no", with the code and the reason that it chose; k8s.io/apiserver webhook/errors ToStatusErr. */
export class WebhookDenial extends StatusError {
  override readonly status: number;
  readonly #given: string;

  constructor(webhook: string, answer: { [key: string]: Json }) {
    const code = codeOf(answer["code"]);
    const given = typeof answer["reason"] === "string" ? answer["reason"].slice(0, 200) : "";
    const text = typeof answer["message"] === "string" ? answer["message"].slice(0, LONGEST_MESSAGE) : "";
    const deniedBy = `admission webhook ${JSON.stringify(webhook)} denied the request`;
    const message = text || given ? `${deniedBy}: ${text || given}` : `${deniedBy} without explanation`;
    super(REASONS[code] ?? (code >= 500 ? "InternalError" : "BadRequest"), message, detailsOf(answer["details"]));
    this.status = code;
    this.#given = given;
  }

  override toBody(): StatusBody {
    const { reason: _, ...body } = super.toBody();
    return { ...body, ...(this.#given === "" ? {} : { reason: this.#given as StatusReason }), code: this.status };
  }
}

/** A refusal is never a success. */
function codeOf(code: Json | undefined): number {
  return typeof code === "number" && Number.isInteger(code) && code >= 400 && code < 600 ? code : 400;
}

function detailsOf(details: Json | undefined): StatusDetails | undefined {
  if (!isJsonObject(details)) return undefined;
  const { causes } = details;
  return {
    ...(details as StatusDetails),
    ...(Array.isArray(causes) ? { causes: causes.slice(0, MOST_CAUSES) as StatusDetails["causes"] } : {}),
  } as StatusDetails;
}
