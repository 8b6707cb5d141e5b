import type { RecentRequest, TrafficMoves } from "@ebb/api";

export function requestText({ method, path, time }: Pick<RecentRequest, "method" | "path" | "time">): string {
  return `${method} ${path} at ${time.slice(0, 19)}`;
}

/** What a change would move: the sentence, then each group with some of its requests. */
export function movesText({ message, moves, unknown }: TrafficMoves): string[] {
  return [
    message,
    ...moves.flatMap(({ from, to, requests, because, byChance, samples }) => [
      `  ${from ?? "none"} → ${to ?? "none"}  ${byChance ? "about " : ""}${requests}  ${because}`,
      ...samples.map((sample) => `      ${requestText(sample)}  ${sample.id}`),
    ]),
    ...unknown.map(({ requests, because }) => `  not known of ${requests}: ${because}`),
  ];
}
