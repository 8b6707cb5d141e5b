import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { join } from "node:path";
import { freePort, OTHER_CORE, program, type Server, type Stage } from "./processes.ts";

/** One member on the stage's disk, its clients over TLS, as Kubernetes' API server speaks to it. */
export async function startEtcd(stage: Stage): Promise<Server> {
  const etcd = program("etcd", "etcd-server");
  const [port, peerPort] = [await freePort(), await freePort()];
  const client = `https://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = ["--data-dir", join(stage.folder, "etcd"), "--auto-tls", "--listen-client-urls", client, "--advertise-client-urls", client];
  args.push(
    "--listen-peer-urls",
    peer,
    "--initial-advertise-peer-urls",
    peer,
    "--initial-cluster",
    `default=${peer}`,
    "--log-level",
    "error",
  );
  return stage.startServer(`0,${OTHER_CORE}`, "etcd", { command: etcd, args, port });
}

/** A connection of a client of etcd's gRPC API (etcdserverpb.KV, HTTP/2 over TLS). */
export class EtcdClient {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async open(port: number): Promise<EtcdClient> {
    // It has signed its certificate itself.
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await once(session, "connect");
    return new EtcdClient(session);
  }

  /** Resolves once the write is durable; throws when etcd says anything but OK. */
  put(key: string, value: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ":method": "POST",
        ":path": "/etcdserverpb.KV/Put",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.once("error", reject);
      stream.once("trailers", (trailers) => {
        const status = trailers["grpc-status"];
        if (status === "0") resolve();
        else reject(new Error(`etcd answered grpc-status ${String(status)}`));
      });
      stream.resume();
      stream.end(frame([bytesField(1, Buffer.from(key)), bytesField(2, value)]));
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A message of gRPC: not compressed, its length in four bytes. */
function frame(fields: Buffer[]): Buffer {
  const message = Buffer.concat(fields);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A length-delimited field of protobuf. */
function bytesField(number: number, value: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = value.length; ; rest >>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}
