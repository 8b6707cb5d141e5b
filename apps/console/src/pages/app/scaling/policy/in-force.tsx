import type { ScalingPolicy } from "@ebb/api";
import { useSpeech } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { draftOf, strategyFaults } from "./scaling-draft.ts";
import { scalingSays, type SpeakingVersion } from "./scaling-says.ts";
import { WindowTimes } from "./window-times.tsx";

interface InForceProps {
  env: string;
  policy: ScalingPolicy;
  version: SpeakingVersion;
}

/** How the app is scaled now, and whether that is set here or from a version. */
export function InForce({ env, policy, version }: InForceProps) {
  const words = usePolicyWords();
  const { format } = useSpeech();
  const says = scalingSays(policy, version, { words, format });
  const { own } = version;
  const [min, max] = [policy.min ?? own.min, policy.max ?? own.max];
  // Whoever wrote one into the cluster may have made it one that never comes.
  const windows = draftOf(policy).strategies.filter((each) => each.type === "cron" && Object.keys(strategyFaults(each)).length === 0);
  const lines: [sentence: string, here: boolean][] = [
    [says.min, policy.min !== null],
    [says.max, policy.max !== null],
    ...says.by.map((sentence): [string, boolean] => [sentence, policy.strategies !== null]),
    ...(own.idleSeconds === undefined ? [] : [[words.says.after(version.name, format.span(own.idleSeconds)), false] as [string, boolean]]),
    [says.idle, policy.idle !== null],
  ];
  return (
    <>
      <h3>{words.inForce}</h3>
      <ul className="sentences">
        {lines.map(([sentence, here]) => (
          <li key={sentence}>
            {sentence} {here && <span className="faint">· {words.here}</span>}
          </li>
        ))}
        {windows.map(({ key, start, end, timezone }) => (
          <li key={key}>
            <WindowTimes start={start} end={end} timezone={timezone} />
          </li>
        ))}
      </ul>
      {min !== undefined && max !== undefined && max > 0 && max < min && (
        <p className="bad-text">{words.narrow(format.number(min), format.number(max))}</p>
      )}
      <p className="faint">{words.ownIs(version.name, env)}</p>
    </>
  );
}
