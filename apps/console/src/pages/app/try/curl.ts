export interface CurlRequest {
  url: string;
  method: string;
  /** `name: value` each. */
  headers: readonly string[];
  body: string;
}

/** What curl takes for a pattern of many addresses, unless it is told not to. */
const GLOB = /[[\]{}]/;

/** The same request for a shell. */
export function curlOf({ url, method, headers, body }: CurlRequest): string {
  // Curl would call it a form.
  const isUntyped = body !== "" && !headers.some((header) => /^content-type:/i.test(header));
  return [
    "curl",
    ...(method === "GET" ? [] : method === "HEAD" ? ["--head"] : ["-X", method]),
    ...(GLOB.test(url) ? ["--globoff"] : []),
    ...headers.flatMap((header) => ["-H", quoted(headerOf(header))]),
    ...(isUntyped ? ["-H", quoted("content-type:")] : []),
    // Not --data-binary: of that one a body that begins with @ names a file to send.
    ...(body === "" ? [] : ["--data-raw", quoted(body)]),
    quoted(url),
  ].join(" ");
}

/** One without a value is written so: with a colon curl leaves it out. */
const headerOf = (header: string): string => header.replace(/^([^:]*):\s*$/, "$1;");

/** Within single quotes a shell takes everything as it is, but a single quote. */
const quoted = (words: string): string => `'${words.replaceAll("'", "'\\''")}'`;
