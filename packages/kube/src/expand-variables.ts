/**
 * Kubernetes' `$(NAME)` in command, args and env values: replaced where the variable is known and left as it is where not; `$$` is a
 * dollar sign, so `$$(NAME)` stays `$(NAME)` (k8s.io/kubernetes third_party/forked/golang/expansion).
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(variables, name) ? (variables[name] ?? "") : whole;
  });
}
