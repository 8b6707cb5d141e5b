/** `repository@sha256:…` of the image among those that the engine knows it by; undefined if it has none. */
export function digestIn(reference: string, known: readonly string[]): string | undefined {
  const repository = repositoryOf(reference);
  const wanted = fullName(repository);
  const digests = known.filter((candidate) => /@sha256:[0-9a-f]{64}$/.test(candidate));
  const own = digests.find((candidate) => fullName(repositoryOf(candidate)) === wanted);
  return own === undefined ? undefined : `${repository}${own.slice(own.indexOf("@"))}`;
}

/** Without tag and digest; the port of a registry is no tag. */
export function repositoryOf(reference: string): string {
  const [name = ""] = reference.split("@");
  return name.replace(/:[^:/]+$/, "");
}

/** Engines spell out the registry that a short name leaves away, each in its own way. */
function fullName(repository: string): string {
  const [first = "", ...rest] = repository.replace(/^index\.docker\.io\//, "docker.io/").split("/");
  const hasRegistry = rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost");
  const name = hasRegistry ? [first, ...rest] : ["docker.io", first, ...rest];
  return name.length === 2 && name[0] === "docker.io" ? `docker.io/library/${name[1] ?? ""}` : name.join("/");
}
