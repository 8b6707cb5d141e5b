import type { BranchRule, PutRepository, Repository } from "@ebb/api";

export interface RepositoryDraft {
  url: string;
  folder: string;
  rules: BranchRule[];
  previews: boolean;
  previewHours: number;
}
const USUAL_HOURS = 72;

export function draftOf({ url, folder, rules, previewHours }: Repository): RepositoryDraft {
  return { url, folder, rules, previews: previewHours !== null, previewHours: previewHours ?? USUAL_HOURS };
}

export function bodyOf({ url, folder, rules, previews, previewHours }: RepositoryDraft): Required<PutRepository> {
  return { url, folder, rules, previewHours: previews ? previewHours : null };
}

export function isComplete({ url, rules }: RepositoryDraft): boolean {
  return url !== "" && rules.every(({ branch, environment }) => branch !== "" && environment !== "");
}

export function isSame(a: RepositoryDraft, b: RepositoryDraft): boolean {
  return JSON.stringify(bodyOf(a)) === JSON.stringify(bodyOf(b));
}
