import type { ScalingPolicy, ScalingStrategy } from "@ebb/api";
import Alert from "antd/es/alert";
import { useSpeech } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Words } from "../../../../ui/words.tsx";
import { scalingSays, type SpeakingVersion } from "./scaling-says.ts";
import { WindowTimes } from "./window-times.tsx";

interface Line {
  sentence: string;
  here: boolean;
  /** That it tells of. */
  strategy?: ScalingStrategy | undefined;
}

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
  const lines: Line[] = [
    { sentence: says.min, here: policy.min !== null },
    { sentence: says.max, here: policy.max !== null },
    ...says.by.map((sentence, index) => ({ sentence, here: policy.strategies !== null, strategy: policy.strategies?.[index] })),
    ...(own.idleSeconds === undefined ? [] : [{ sentence: words.says.after(version.name, format.span(own.idleSeconds)), here: false }]),
    { sentence: says.idle, here: policy.idle !== null },
  ];
  return (
    <>
      <h3>{words.inForce}</h3>
      {policy.problem !== undefined && (
        <Alert
          type="error"
          showIcon
          title={words.unreadable}
          description={<Words said={policy.saidProblem && [policy.saidProblem]} english={policy.problem} />}
        />
      )}
      <ul className="sentences">
        {lines.map(({ sentence, here, strategy }, index) => (
          // Two strategies may say the same.
          <li key={index}>
            {sentence} {here && <span className="faint">· {words.here}</span>}
            {strategy?.type === "cron" && (
              <div>
                <WindowTimes start={strategy.start} end={strategy.end} timezone={strategy.timezone ?? "UTC"} />
              </div>
            )}
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
