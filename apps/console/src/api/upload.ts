import { createClient, type Client, type ClientOptions } from "@ebb/api/client";

type Fetch = NonNullable<ClientOptions["fetch"]>;

/**
 * A client whose requests tell how many bytes of their body are on their way: `fetch` does not. `onSent` is called as often as the browser
 * likes, at least at the end. Aborting ends the connection, and the platform drops what it had got.
 */
export function uploadClient(onSent: (bytes: number) => void): Client {
  return createClient({ baseUrl: "", fetch: (url, init) => sendWithProgress(url, init, onSent) });
}

const sendWithProgress = (url: string, init: Parameters<Fetch>[1], onSent: (bytes: number) => void): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { signal } = init;
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(init.method ?? "GET", url);
    request.responseType = "text";
    for (const [name, value] of Object.entries(init.headers as Record<string, string>)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
    request.addEventListener("load", () =>
      resolve(new Response(request.responseText, { status: request.status, statusText: request.statusText })),
    );
    request.addEventListener("error", () => reject(new TypeError("The connection broke off")));
    request.addEventListener("abort", () => reject(signal?.reason ?? new DOMException("Cancelled", "AbortError")));
    request.addEventListener("loadend", () => signal?.removeEventListener("abort", stop));
    if (signal?.aborted === true) return reject(signal.reason);
    signal?.addEventListener("abort", stop, { once: true });
    request.send(init.body as Blob);
  });
