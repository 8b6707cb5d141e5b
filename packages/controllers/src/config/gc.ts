import { UserError } from "@ebb/base";
import { parseDuration } from "@ebb/kube";

/** config-gc; times in milliseconds; undefined is `disabled`. */
export interface GcConfig {
  retainSinceCreate: number | undefined;
  retainSinceLastActive: number | undefined;
  minNonActive: number;
  maxNonActive: number | undefined;
}

type Data = Readonly<Record<string, string>>;

/** Throws UserError `invalid_config`. */
export function parseGcConfig(data: Data = {}): GcConfig {
  const duration = (key: string, fallback: number) => read(data, key, fallback, (text) => parseDuration(text));
  const count = (key: string, fallback: number) => read(data, key, fallback, (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined));
  const minNonActive = count("min-non-active-revisions", 20) ?? 0;
  const maxNonActive = count("max-non-active-revisions", 1000);
  if (maxNonActive !== undefined && maxNonActive < minNonActive) {
    throw new UserError(
      "invalid_config",
      `config-gc: max-non-active-revisions ${maxNonActive} is below min-non-active-revisions ${minNonActive}`,
    );
  }
  return {
    retainSinceCreate: duration("retain-since-create-time", 48 * 3_600_000),
    retainSinceLastActive: duration("retain-since-last-active-time", 15 * 3_600_000),
    minNonActive,
    maxNonActive,
  };
}

function read(data: Data, key: string, fallback: number, parse: (text: string) => number | undefined): number | undefined {
  const text = data[key]?.trim();
  if (text === undefined || text === "") return fallback;
  if (text === "disabled" || text === "-1") return undefined;
  const value = parse(text);
  if (value === undefined || value < 0) throw new UserError("invalid_config", `config-gc: cannot read ${key} = ${JSON.stringify(text)}`);
  return value;
}
