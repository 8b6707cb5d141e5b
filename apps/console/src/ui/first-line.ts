/** Messages of the cluster may carry log lines after their own; a list has room for the message. */
export function firstLine(message: string): string {
  return message.trim().split("\n", 1)[0] ?? "";
}
