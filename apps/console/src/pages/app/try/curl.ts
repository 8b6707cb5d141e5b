export interface CurlRequest {
  url: string;
  method: string;
  /** `name: value` each. */
  headers: readonly string[];
  body: string;
}

/** The same request for a shell. */
export function curlOf({ url, method, headers, body }: CurlRequest): string {
  return [
    "curl",
    ...(method === "GET" ? [] : method === "HEAD" ? ["--head"] : ["-X", method]),
    ...headers.flatMap((header) => ["-H", quoted(header)]),
    ...(body === "" ? [] : ["--data-binary", quoted(body)]),
    quoted(url),
  ].join(" ");
}

/** Within single quotes a shell takes everything as it is, but a single quote. */
const quoted = (words: string): string => `'${words.replaceAll("'", "'\\''")}'`;
