import Button from "antd/es/button";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { browserZone } from "../../../../ui/local-time.ts";
import { MOST_STRATEGIES, newStrategy, type DraftStrategy } from "./scaling-draft.ts";
import { StrategyFields } from "./strategy-fields.tsx";

interface StrategyListProps {
  strategies: readonly DraftStrategy[];
  /** What is said while there is none. */
  none: string;
  /** What the platform has refused about one, as it was when it was sent. */
  refused?: { strategy: DraftStrategy; detail: string } | null;
  onChange: (strategies: readonly DraftStrategy[]) => void;
}

/** Why instances are to run; the largest vote wins. */
export function StrategyList({ strategies, none, refused = null, onChange }: StrategyListProps) {
  const words = usePolicyWords();
  return (
    <>
      <p className="faint">{strategies.length === 0 ? none : words.strategiesHelp}</p>
      {strategies.map((strategy, index) => (
        <StrategyFields
          key={strategy.key}
          label={words.strategy(index + 1)}
          strategy={strategy}
          refused={refused?.strategy === strategy ? refused.detail : null}
          onChange={(next) => onChange(strategies.with(index, next))}
          onRemove={() => onChange(strategies.toSpliced(index, 1))}
        />
      ))}
      <Button
        size="small"
        disabled={strategies.length >= MOST_STRATEGIES}
        onClick={() => onChange([...strategies, newStrategy(strategies, browserZone)])}
      >
        {words.addStrategy}
      </Button>
    </>
  );
}
