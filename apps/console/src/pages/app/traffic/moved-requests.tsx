import type { Place, SetTraffic, TrafficMoves } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../../../api/connection.ts";
import { keys } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";

/** While somebody drags a border nothing is asked. */
const SETTLED = 400;

/** Which of the last requests a change would move; nothing while there is no change to apply. */
export function MovedRequests({ place, change }: { place: Place; change: SetTraffic | null }) {
  const text = useText();
  const wanted = change === null ? null : JSON.stringify(change);
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), SETTLED);
    return () => clearTimeout(timer);
  }, [wanted]);
  const plan = useQuery({
    queryKey: [...keys.place(place, "moves"), asked],
    queryFn: ({ signal }) => client.planTraffic(place, JSON.parse(asked ?? "{}") as SetTraffic, { signal }),
    enabled: asked !== null && asked === wanted,
    staleTime: 0,
  });
  if (wanted === null || asked !== wanted || !plan.data) return null;
  return (
    <div className="moved-requests" aria-live="polite">
      <h4>{plan.data.recorded ? text.moves.title(plan.data.requests) : text.moves.notRecorded}</h4>
      <Moves moves={plan.data} />
    </div>
  );
}

function Moves({ moves: { recorded, moves, unknown } }: { moves: TrafficMoves }) {
  const text = useText();
  if (!recorded) return null;
  return (
    <ul>
      {moves.length === 0 && <li className="faint">{text.moves.none}</li>}
      {moves.map((move) => (
        <li key={`${move.from} ${move.to} ${move.because}`}>
          <b>{text.moves.move(move.requests, move.byChance, move.from ?? "–", move.to ?? "–")}</b>{" "}
          <span className="faint">
            {move.because}
            {move.samples.map(({ id, method, path }) => (
              <code key={id}>{` ${method} ${path}`}</code>
            ))}
          </span>
        </li>
      ))}
      {unknown.map(({ requests, because }) => (
        <li key={because} className="faint">
          {text.moves.unknown(requests, because)}
        </li>
      ))}
    </ul>
  );
}
