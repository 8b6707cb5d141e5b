import type { Address } from "../port.ts";
import { USER_AGENT } from "./http.ts";
import { attemptHttp2 } from "./http2-attempt.ts";
import { ProbeFailure } from "./probe-error.ts";

const PATH = "/grpc.health.v1.Health/Check";
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
/** A HealthCheckResponse is two bytes. */
const LARGEST_ANSWER = 1024;

/** gRPC Health Checking Protocol v1: succeeds on SERVING. Throws ProbeFailure or what the connection throws. */
export function probeGrpc(address: Address, service: string, signal: AbortSignal): Promise<void> {
  const headers = { ":method": "POST", ":path": PATH, "content-type": "application/grpc", te: "trailers", "user-agent": USER_AGENT };
  return attemptHttp2(address, headers, signal, (stream, finish) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let grpcStatus: string | undefined;
    let grpcMessage = "";
    const note = (said: Record<string, unknown>) => {
      if (typeof said["grpc-status"] === "string") grpcStatus = said["grpc-status"];
      if (typeof said["grpc-message"] === "string") grpcMessage = said["grpc-message"];
    };
    stream.once("response", note);
    stream.once("trailers", note);
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_ANSWER) finish(new ProbeFailure("the health check's answer is too large"));
      else chunks.push(chunk);
    });
    stream.once("end", () => finish(judge(Buffer.concat(chunks), grpcStatus, grpcMessage)));
    stream.end(encodeRequest(service));
  });
}

/** A length-prefixed message with `HealthCheckRequest { string service = 1; }`. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service, "utf8");
  const message = name.length === 0 ? name : Buffer.concat([Buffer.of(0x0a), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** `HealthCheckResponse { ServingStatus status = 1; }`: field 1 as a varint, absent for UNKNOWN. */
function judge(body: Buffer, grpcStatus: string | undefined, grpcMessage: string): ProbeFailure | undefined {
  if (grpcStatus !== "0") return new ProbeFailure(`the health check answered gRPC status ${grpcStatus ?? "none"} ${grpcMessage}`.trim());
  const status = body[5] === 0x08 ? (body[6] ?? 0) : 0;
  return status === 1 ? undefined : new ProbeFailure(`the health check answered ${STATUS_NAMES[status] ?? status}`);
}
