import { basename } from "node:path";

const LONGEST = 52;

/** The nearest name that an application may have (a DNS label that starts with a letter); `app` when nothing of the text can be kept. */
export function appNameFrom(text: string): string {
  const label = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST)
    .replace(/-+$/, "");
  return label === "" ? "app" : label;
}

/** `ghcr.io/acme/hello-web:1.2@sha256:…` → `hello-web`. */
export function appNameFromImage(reference: string): string {
  const path = reference.split("@")[0] ?? "";
  return appNameFrom(basename(path).replace(/:[^:]*$/, ""));
}
