import type { Delivery } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../../../i18n/language.tsx";
import { Blank } from "../../../ui/page.tsx";
import { ToneDot, type Tone } from "../../../ui/state.tsx";
import { Ago } from "../../../ui/time.tsx";

const TONES: Record<Delivery["outcome"], Tone> = { deployed: "good", removed: "off", ignored: "calm", refused: "bad" };

/** What came of the newest pushes: why something is not there is mostly said here. */
export function Deliveries({ deliveries }: { deliveries: readonly Delivery[] }) {
  const text = useText();
  if (deliveries.length === 0) return <Blank>{text.git.noPushes}</Blank>;
  return (
    <ul className="operations">
      {deliveries.map(({ time, branch, commit, outcome, message, operation }) => (
        <li key={`${time} ${branch} ${commit}`}>
          <div className="delivery">
            <span className="state">
              <ToneDot tone={TONES[outcome]} />
              {text.git.outcome[outcome]}
            </span>
            <span>
              {branch !== "" && <code className="strong">{branch}</code>}{" "}
              {commit !== "" && <code className="faint">{commit.slice(0, 12)}</code>}
            </span>
            <span lang="en">{message}</span>
            {operation !== null && (
              <Link to="/operations/$id" params={{ id: operation }}>
                {text.operation.seeDetails}
              </Link>
            )}
            <span className="faint">
              <Ago at={time} />
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
