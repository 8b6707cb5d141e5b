import type { OutgoingHttpHeaders } from "node:http";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { KubeConfig } from "@kubernetes/client-node";

const HEAD_END = "\r\n\r\n";

/**
 * One connection that POSTs objects to a Kubernetes API and waits for each answer, by HTTP/1.1 on a TLS socket: Node's own client takes longer for a
 * request than the server for its answer, so that with many clients it would measure itself.
 */
export class KubeWriter {
  readonly #socket: TLSSocket;
  readonly #head: string;
  #received = "";
  #waiting: PromiseWithResolvers<void> | undefined;

  private constructor(socket: TLSSocket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the API server closed the connection")));
  }

  static async open(kubeconfig: string): Promise<KubeWriter> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const url = new URL(config.getCurrentCluster()?.server ?? "");
    const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key } = options;
    const socket = connect({
      host: url.hostname,
      port: Number(url.port),
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
    });
    await once(socket, "secureConnect");
    const headers = { host: url.host, ...(options.headers as OutgoingHttpHeaders | undefined), "content-type": "application/json" };
    return new KubeWriter(
      socket,
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${String(value)}\r\n`)
        .join(""),
    );
  }

  /** Resolves once the object is made; throws when the server says anything else. `body` is JSON in ASCII. One call at a time. */
  post(path: string, body: string): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(`POST ${path} HTTP/1.1\r\n${this.#head}content-length: ${body.length}${HEAD_END}${body}`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return;
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(this.#received.slice(0, end)) ?? [];
    if (length !== undefined && this.#received.length < end + HEAD_END.length + Number(length)) return;
    const answer = this.#received;
    this.#received = "";
    if (length !== undefined && answer.startsWith("HTTP/1.1 201 ")) this.#waiting?.resolve();
    else this.#waiting?.reject(new Error(`the API server answered ${answer.slice(0, 500)}`));
  }
}
