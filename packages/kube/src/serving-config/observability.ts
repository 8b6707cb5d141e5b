import type { ConfigData } from "./read-data.ts";

/** config-observability as far as it has an effect here. */
export interface ObservabilityConfig {
  /** Where a Revision's logs are; `${REVISION_UID}` stands for its uid. Undefined when nobody has set it. */
  revisionUrlTemplate: string | undefined;
}

export function parseObservability(data: ConfigData = {}): ObservabilityConfig {
  return { revisionUrlTemplate: data["logging.revision-url-template"] || undefined };
}
