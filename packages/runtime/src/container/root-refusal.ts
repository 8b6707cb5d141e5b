/** Why a container must not run as the image's user, or the one that was asked for, when it may not be root; after the kubelet's security_context.go. */
export function rootRefusal(user: number | undefined, imageUser: string): string | undefined {
  if (user === 0) return "container's runAsUser breaks non-root policy";
  if (user !== undefined) return undefined;
  const [name = ""] = imageUser.split(":");
  if (name === "" || /^0+$/.test(name)) return "container has runAsNonRoot and image will run as root";
  if (!/^\d+$/.test(name)) return `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root`;
  return undefined;
}
