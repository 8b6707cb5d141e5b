/** Names that k8s.io/apiserver gives a meaning to. */
export const ANONYMOUS = "system:anonymous";
export const UNAUTHENTICATED = "system:unauthenticated";
export const AUTHENTICATED = "system:authenticated";
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

export interface AccountName {
  namespace: string;
  name: string;
}

export function serviceAccountUser({ namespace, name }: AccountName): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** The ServiceAccount behind a user's name, if it is one. */
export function serviceAccountOf(user: string): AccountName | undefined {
  const [, namespace, name] = SERVICE_ACCOUNT.exec(user) ?? [];
  return namespace !== undefined && name !== undefined ? { namespace, name } : undefined;
}
