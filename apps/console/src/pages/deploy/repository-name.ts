const LONGEST = 52;

/** The name of an app that a repository suggests: `git@host:acme/My_Shop.git` → `my-shop`; empty while there is none. */
export function nameOfRepository(url: string): string {
  const last = url.replace(/\/+$/, "").replace(/\.git$/, "");
  const word = /[/:]([^/:]+)$/.exec(last)?.[1] ?? "";
  return word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST)
    .replace(/-+$/, "");
}
