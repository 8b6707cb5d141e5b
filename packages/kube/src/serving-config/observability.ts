import { UserError } from "@ebb/base";
import { parseRequestLogTemplate, type RequestLogTemplate } from "./request-log-template.ts";
import { readBool, type ConfigData } from "./read-data.ts";

/** config-observability as far as it has an effect here. */
export interface ObservabilityConfig {
  /** Where a Revision's logs are; `${REVISION_UID}` stands for its uid. Undefined when nobody has set it. */
  revisionUrlTemplate: string | undefined;
  /** What a line of a `queue-proxy`'s log says of a request; undefined while there are none. */
  requestLog: RequestLogTemplate | undefined;
  /** There are lines of probes, too. */
  probeLog: boolean;
  /** Containers have a `/var/log` of their own that all can write. */
  varLog: boolean;
}

/** Of an Ebb that nobody has told: knative/serving pkg/observability DefaultRequestLogTemplate. */
export const REQUEST_LOG_TEMPLATE =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", "requestSize": "{{.Request.ContentLength}}", ' +
  '"status": {{.Response.Code}}, "responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", "remoteIp": "{{js .Request.RemoteAddr}}", ' +
  '"serverIp": "{{.Revision.PodIP}}", "referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", "protocol": "{{.Request.Proto}}"}, ' +
  '"traceId": "{{.TraceID}}"}';

/** Throws UserError `invalid_config`. */
export function parseObservability(data: ConfigData = {}): ObservabilityConfig {
  const text = data["logging.request-log-template"] ?? REQUEST_LOG_TEMPLATE;
  const enabled = readBool(data, "logging.enable-request-log", false);
  const probes = readBool(data, "logging.enable-probe-request-log", false);
  if (enabled && text === "") {
    const why = '"logging.enable-request-log" was set to true, but no "logging.request-log-template" was specified';
    throw new UserError("invalid_config", why);
  }
  const template = text === "" ? undefined : parseRequestLogTemplate(text);
  return {
    revisionUrlTemplate: data["logging.revision-url-template"] || undefined,
    requestLog: enabled ? template : undefined,
    probeLog: enabled && probes,
    varLog: readBool(data, "logging.enable-var-log-collection", false),
  };
}
