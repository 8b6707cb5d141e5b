import type { Place } from "@ebb/api";

/** Kubernetes' `v5.channel.k8s.io`: the first byte of a message is its channel. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;

/** The program that an image most likely has; bash where there is one, as it completes names. */
const SHELL = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"];

/** How a shell ended: by itself, with its exit code; or why there is none, or none any more. */
export type ShellEnd = { exit: number } | { failure: string; hint: string | null };

export interface RemoteShell {
  write(input: string): void;
  resize(columns: number, rows: number): void;
  /** Ends the shell with the connection. */
  close(): void;
}

export interface ShellEvents {
  onOutput: (bytes: Uint8Array) => void;
  /** Null: the connection broke off. Not called after `close`. */
  onEnd: (end: ShellEnd | null) => void;
}

/** A shell in an instance, in a terminal of its own. */
export function openShell({ app, env }: Place, instance: string, { onOutput, onEnd }: ShellEvents): RemoteShell {
  const url = new URL(`/api/v1/apps/${encodeURIComponent(app)}/environments/${encodeURIComponent(env)}/exec`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  for (const word of SHELL) url.searchParams.append("command", word);
  for (const [name, value] of Object.entries({ instance, stdin: "true", terminal: "true" })) url.searchParams.set(name, value);
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let end: ShellEnd | null = null;
  let closed = false;
  socket.addEventListener("message", ({ data }) => {
    const message = new Uint8Array(data as ArrayBuffer);
    const [channel] = message;
    const body = message.subarray(1);
    if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) onOutput(body);
    else if (channel === CHANNEL.status) end = endOf(new TextDecoder().decode(body));
  });
  socket.addEventListener("close", () => {
    if (!closed) onEnd(end);
  });
  const waiting: Uint8Array<ArrayBuffer>[] = [];
  socket.addEventListener("open", () => {
    for (const message of waiting.splice(0)) socket.send(message);
  });
  const send = (channel: number, body: string) => {
    const bytes = new TextEncoder().encode(body);
    const message = new Uint8Array(bytes.length + 1);
    message[0] = channel;
    message.set(bytes, 1);
    if (socket.readyState === WebSocket.CONNECTING) waiting.push(message);
    else if (socket.readyState === WebSocket.OPEN) socket.send(message);
  };
  return {
    write: (input) => send(CHANNEL.stdin, input),
    resize: (columns, rows) => send(CHANNEL.resize, JSON.stringify({ Width: columns, Height: rows })),
    close() {
      closed = true;
      socket.close();
    },
  };
}

interface Status {
  status?: string;
  message?: string;
  hint?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** Of the Status that ends a session: Kubernetes' own, or the platform's reason why there was none. */
export function endOf(json: string): ShellEnd {
  let status: Status;
  try {
    status = JSON.parse(json) as Status;
  } catch {
    return { failure: json, hint: null };
  }
  if (status.status === "Success") return { exit: 0 };
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined && /^\d{1,3}$/.test(code)) return { exit: Number(code) };
  return { failure: status.message ?? json, hint: status.hint ?? null };
}
