import type { Cluster } from "@ebb/api";
import { useText } from "../../i18n/language.tsx";
import { ToneDot, type Tone } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";

const TONE: Record<Cluster["state"], Tone> = { connecting: "busy", ready: "good", unreachable: "bad", unusable: "bad" };

/** How a cluster is, and when it came to be so. */
export function ClusterState({ cluster: { state, since } }: { cluster: Cluster }) {
  const { clusters } = useText();
  return (
    <span className="state">
      <ToneDot tone={TONE[state]} />
      {clusters.states[state]}{" "}
      <span className="faint">
        · {clusters.since} <Ago at={since} />
      </span>
    </span>
  );
}
