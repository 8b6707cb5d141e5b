import { request } from "node:http";

/** What is used of what Podman tells of itself and of the machine. */
export interface PodmanInfo {
  host: {
    /** What it can hold containers to, as those of its user have it; null where it has none. */
    cgroupControllers: string[] | null;
    security: { rootless: boolean; seccompEnabled?: boolean; seccompProfilePath?: string };
  };
  store: { runRoot?: string; graphDriverName?: string };
  version: { Version: string };
}

/**
 * Asked once for an engine: each time, Podman asks the machine's package manager which packages its programs are of, a third of a second of a processor. Throws where
 * another engine answers, or none within `timeout` milliseconds.
 */
export async function podmanInfo(socketPath: string, timeout: number): Promise<PodmanInfo> {
  return JSON.parse((await ask({ socketPath, method: "GET", path: "/info", timeout })).text) as PodmanInfo;
}

/** Podman's own API, for what the Docker-compatible one has not. Resolves with the HTTP status; throws an Error with `statusCode` and Podman's words from 400 on. */
export async function podmanPost(socketPath: string, path: string, body?: unknown): Promise<number> {
  return (await ask({ socketPath, method: "POST", path, body })).status;
}

interface Question {
  socketPath: string;
  method: "GET" | "POST";
  path: string;
  body?: unknown;
  /** Milliseconds without a word; 0, the default, is for ever. */
  timeout?: number;
}

interface Answer {
  status: number;
  text: string;
}

function ask({ socketPath, method, path, body, timeout = 0 }: Question): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path: `/v4.0.0/libpod${path}`,
        timeout,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const { statusCode = 0 } = response;
          const answer = Buffer.concat(chunks).toString();
          if (statusCode < 400) resolve({ status: statusCode, text: answer });
          else reject(Object.assign(new Error(messageOf(answer, statusCode)), { statusCode }));
        });
      },
    );
    sent.once("timeout", () => sent.destroy(new Error(`no answer within ${timeout} ms`)));
    sent.once("error", reject);
    sent.end(text);
  });
}

function messageOf(answer: string, status: number): string {
  try {
    const { message, cause } = JSON.parse(answer) as { message?: string; cause?: string };
    return message ?? cause ?? `HTTP ${status}`;
  } catch {
    return `HTTP ${status}`;
  }
}
