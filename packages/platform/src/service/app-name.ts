/** Folders have names that apps cannot: `My Shop (2)` becomes `my-shop-2`. */
export function appName(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 52)
    .replace(/-+$/, "");
  return label === "" ? "app" : label;
}
