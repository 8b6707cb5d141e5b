const REPOSITORY = /^[a-z0-9_\-./]{2,255}$/;
const TAG = /^[A-Za-z0-9_\-.]{1,128}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REGISTRY = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/;

/** What keeps `image` from being a container image reference (go-containerregistry's weak validation), or undefined if nothing does. */
export function imageProblem(image: string): string | undefined {
  const problem = `could not parse reference: ${image}`;
  const [beforeDigest = "", digest, ...more] = image.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return problem;
  const colon = beforeDigest.lastIndexOf(":");
  const tagged = colon > beforeDigest.lastIndexOf("/");
  const name = tagged ? beforeDigest.slice(0, colon) : beforeDigest;
  if (tagged && !TAG.test(beforeDigest.slice(colon + 1))) return problem;
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (hasRegistry && !REGISTRY.test(first)) return problem;
  const repository = hasRegistry ? rest.join("/") : name;
  // `library/` is put in front of a bare name, so one character is enough there.
  const full = !hasRegistry && rest.length === 0 ? `library/${repository}` : repository;
  return repository !== "" && REPOSITORY.test(full) ? undefined : problem;
}
