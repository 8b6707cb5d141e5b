import type { App, PatchApp } from "@ebb/api";

/** What is typed: lists a line each. */
export interface MetadataDraft {
  description: string;
  owner: string;
  serviceTag: string;
  level: string;
  repository: string;
  contacts: string;
  labels: string;
}
export const WORDS = ["description", "owner", "serviceTag", "level", "repository"] as const;

export function draftOf(app: Pick<App, (typeof WORDS)[number] | "contacts" | "labels">): MetadataDraft {
  const { description, owner, serviceTag, level, repository, contacts, labels } = app;
  const lines = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return { description, owner, serviceTag, level, repository, contacts: contacts.join("\n"), labels: lines.join("\n") };
}

/** Only what differs: what somebody else has changed meanwhile stays. */
export function patchOf(from: MetadataDraft, to: MetadataDraft): PatchApp {
  const words = Object.fromEntries(WORDS.filter((field) => from[field] !== to[field]).map((field) => [field, to[field].trim()]));
  return {
    ...words,
    ...(from.contacts === to.contacts ? {} : { contacts: linesOf(to.contacts) }),
    ...(from.labels === to.labels ? {} : { labels: Object.fromEntries(linesOf(to.labels).map(labelOf)) }),
  };
}

/** As the platform's schema has it. */
const LABEL = /^[A-Za-z0-9]([-A-Za-z0-9_./]{0,61}[A-Za-z0-9])?=/;

/** The first line that is no label. */
export function badLabel({ labels }: MetadataDraft): string | undefined {
  return linesOf(labels).find((line) => !LABEL.test(line));
}

function labelOf(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
