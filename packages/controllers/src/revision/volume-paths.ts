/** Why a path may lead out of its volume, in the words of k8s.io/kubernetes pkg/apis/core/validation; `reserved` names begin with `..`. */
export function pathProblem(path: string, reserved: boolean): string | undefined {
  if (path.startsWith("/")) return "must be a relative path";
  if (path.split("/").includes("..")) return "must not contain '..'";
  if (reserved && path.startsWith("..")) return "must not start with '..'";
  return undefined;
}

/** The path as the file system takes it: without empty parts and `.`. */
export function tidyPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
