import type { BranchRule } from "@ebb/api";
import { createHmac, timingSafeEqual } from "node:crypto";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What a Git server has told, as far as it matters. */
export interface Push {
  provider: "github" | "gitlab" | "gitea";
  /** Empty: not of a branch. */
  branch: string;
  deleted: boolean;
  commit: string;
  /** `acme/shop` */
  repository: string;
  /** Undefined: it is a push. */
  ignored?: string;
}

/**
 * Whether it comes from who has the secret: GitHub's and Gitea's HMAC of the body (SHA-256), or GitLab's token, which is the secret itself.
 */
export function isSigned(headers: Headers, body: Buffer, secret: string): boolean {
  const hmac = one(headers, "x-hub-signature-256")?.replace(/^sha256=/, "") ?? one(headers, "x-gitea-signature");
  if (hmac !== undefined) return equal(hmac.toLowerCase(), createHmac("sha256", secret).update(body).digest("hex"));
  const token = one(headers, "x-gitlab-token");
  return token !== undefined && equal(token, secret);
}

/** Undefined for what is no JSON of a Git server. */
export function readPush(headers: Headers, body: Buffer): Push | undefined {
  const provider = headers["x-gitlab-event"] !== undefined ? "gitlab" : headers["x-gitea-event"] !== undefined ? "gitea" : "github";
  const event = one(headers, provider === "github" ? "x-github-event" : `x-${provider}-event`) ?? "";
  const value = parse(body);
  if (!value || event === "") return undefined;
  const about = record(provider === "gitlab" ? value["project"] : value["repository"]);
  const repository = text(about[provider === "gitlab" ? "path_with_namespace" : "full_name"]);
  const ref = text(value["ref"]);
  const after = text(value["after"]);
  const base = {
    provider,
    repository,
    commit: /^0*$/.test(after) ? "" : after,
    deleted: /^0+$/.test(after) || value["deleted"] === true,
  } as const;
  const branch = /^refs\/heads\/(.{1,200})$/.exec(ref)?.[1];
  if (!["push", "Push Hook"].includes(event))
    return { ...base, branch: "", ignored: `Nothing is done for ${event}: only pushes are looked at` };
  if (branch === undefined) return { ...base, branch: "", ignored: `Nothing is done for ${ref || "it"}: only branches are deployed` };
  return { ...base, branch };
}

export type Decision =
  | { do: "deploy"; environment: string }
  | { do: "preview"; hours: number }
  | { do: "remove" }
  | { do: "nothing"; why: string };

export interface HookRules {
  /** The path of its address. */
  path: string;
  rules: readonly BranchRule[];
  previewHours: number | null;
}

/** What a push does. Pure. */
export function decidePush({ path, rules, previewHours }: HookRules, push: Push): Decision {
  if (push.ignored !== undefined) return { do: "nothing", why: push.ignored };
  const own = path.toLowerCase().replace(/\.git$/, "");
  if (push.repository === "" || !own.endsWith(`/${push.repository.toLowerCase()}`)) {
    return { do: "nothing", why: `It is of the repository ${push.repository || "(none)"}, not of this app's` };
  }
  const rule = rules.find(({ branch }) => fits(branch, push.branch));
  if (rule) {
    return push.deleted
      ? { do: "nothing", why: `The branch ${push.branch} is gone; what it has deployed in ${rule.environment} stays` }
      : { do: "deploy", environment: rule.environment };
  }
  if (previewHours === null) return { do: "nothing", why: `No rule is for the branch ${push.branch}, and there are no previews` };
  return push.deleted ? { do: "remove" } : { do: "preview", hours: previewHours };
}

/** `*` stands for anything. No pattern of a regular expression is made of what people wrote. */
export function fits(pattern: string, branch: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return branch === pattern;
  if (!branch.startsWith(first) || branch.length < first.length + last.length || !branch.endsWith(last)) return false;
  let at = first.length;
  const end = branch.length - last.length;
  for (const part of rest) {
    const found = branch.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 500) : "";
}
