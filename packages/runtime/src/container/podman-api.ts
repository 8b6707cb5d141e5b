import { request } from "node:http";

/** Podman's own API, for what the Docker-compatible one has not. Resolves with the HTTP status; throws an Error with `statusCode` and Podman's words from 400 on. */
export async function podmanPost(socketPath: string, path: string, body?: unknown): Promise<number> {
  return (await ask(socketPath, "POST", path, body)).status;
}

/** Resolves with the JSON of the answer; throws as `podmanPost` does. */
export async function podmanGet(socketPath: string, path: string): Promise<unknown> {
  return JSON.parse((await ask(socketPath, "GET", path)).text);
}

interface Answer {
  status: number;
  text: string;
}

function ask(socketPath: string, method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path: `/v4.0.0/libpod${path}`,
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
