import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { ok, type Check, type Examination, type Finding } from "../finding.ts";

const FACTS = { id: "database", title: "The platform's database" } as const;
const PATIENCE = 3000;
const POSTGRES_PORT = 5432;

const problem = (found: string, meaning: string, remedy: string): Finding => ({ ...FACTS, level: "problem", found, meaning, remedy });

/** Where the platform's state is, and whether a PostgreSQL listens there; whether it lets us in, only `ebb up` tries. */
export const checkDatabase: Check = async (examination) => {
  const { dataFolder } = examination;
  const url = await urlOf(examination);
  if (typeof url === "object") return [url];
  const keptIn = await readFile(join(dataFolder, "platform/kept-in.json"), "utf8").then(
    (text) => (JSON.parse(text) as { at?: string }).at,
    () => undefined,
  );
  if (url === undefined) {
    if (keptIn === undefined) return [ok(FACTS.id, FACTS.title, "SQLite, in the data folder")];
    const remedy = "Give its URL: EBB_DATABASE_URL, EBB_DATABASE_URL_FILE, or ebb up --database-url.";
    return [problem(`is in ${keptIn}, and no URL of it is given`, "`ebb up` does not begin anew without being told to.", remedy)];
  }
  if (keptIn === undefined && existsSync(join(dataFolder, "platform/platform.db"))) {
    const remedy = "ebb database copy moves it to that PostgreSQL; without the URL it stays where it is.";
    return [problem("is SQLite, in the data folder, and a URL of a PostgreSQL is given", "`ebb up` refuses it.", remedy)];
  }
  return [await reach(url)];
};

/** A finding where what says it cannot be read; undefined where nothing does. */
async function urlOf({ host }: Examination): Promise<string | undefined | Finding> {
  const text = host.env["EBB_DATABASE_URL"]?.trim();
  if (text) return text;
  const path = host.env["EBB_DATABASE_URL_FILE"];
  if (!path) return undefined;
  return readFile(resolve(host.cwd, path), "utf8").then(
    (read) => read.trim(),
    () =>
      problem(
        `${path} cannot be read`,
        "It is to hold the URL of the platform's PostgreSQL (EBB_DATABASE_URL_FILE).",
        "Let this user read it.",
      ),
  );
}

/** No part of the URL but host and port is ever shown. */
async function reach(text: string): Promise<Finding> {
  const url = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text.replace("@/", "@localhost/")) : null;
  if (!url)
    return problem("its URL cannot be used", "`ebb up` refuses it.", "It is of the form postgres://USER:PASSWORD@HOST:5432/DATABASE.");
  const folder = url.searchParams.get("host");
  const port = Number(url.port || url.searchParams.get("port") || POSTGRES_PORT);
  const host = folder ?? (url.hostname.replace(/^\[(.+)\]$/, "$1") || "localhost");
  const where = host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
  const failure = await tryConnect(host.startsWith("/") ? { path: where } : { host, port });
  if (failure === undefined) return ok(FACTS.id, FACTS.title, `something listens at ${where}`);
  return problem(
    `nothing answers at ${where} (${failure})`,
    "`ebb up` needs it.",
    "Start PostgreSQL, or mend the URL's host and port, or what is in between.",
  );
}

function tryConnect(to: { path: string } | { host: string; port: number }): Promise<string | undefined> {
  return new Promise((end) => {
    const socket = connect({ ...to, timeout: PATIENCE });
    const ended = (failure: string | undefined) => {
      socket.destroy();
      end(failure);
    };
    socket.once("connect", () => ended(undefined));
    socket.once("timeout", () => ended("no answer"));
    socket.once("error", (error: NodeJS.ErrnoException) => ended(error.code ?? error.message));
  });
}
