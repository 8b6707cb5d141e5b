import type { AppState, Operation, Phase, Version } from "@ebb/api";
import { useText } from "../i18n/language.tsx";

/** Colour and shape both tell the state, so that it does not rest on colour alone. */
export type Tone = "good" | "calm" | "busy" | "bad" | "off";

const TONE_OF: Record<AppState | Version["state"] | Operation["state"] | Phase["state"], Tone> = {
  ready: "good",
  asleep: "calm",
  deploying: "busy",
  starting: "busy",
  failed: "bad",
  deleted: "off",
  unknown: "off",
  empty: "off",
  waiting: "calm",
  queued: "calm",
  running: "busy",
  succeeded: "good",
  cancelled: "off",
};

export function ToneDot({ tone }: { tone: Tone }) {
  return <span className={`dot dot-${tone}`} aria-hidden="true" />;
}

export function Dot({ state }: { state: keyof typeof TONE_OF }) {
  return <ToneDot tone={TONE_OF[state]} />;
}

export function AppStateLabel({ state, title }: { state: AppState; title?: string }) {
  const text = useText();
  return (
    <span className="state" title={title ?? text.appStateHelp[state]}>
      <Dot state={state} />
      {text.appState[state]}
    </span>
  );
}

export function VersionStateLabel({ state, title }: { state: Version["state"]; title?: string }) {
  const text = useText();
  return (
    <span className="state" title={title}>
      <Dot state={state} />
      {text.versionState[state]}
    </span>
  );
}

export function OperationStateLabel({ state }: { state: Operation["state"] }) {
  const text = useText();
  return (
    <span className="state">
      <Dot state={state} />
      {text.operationState[state]}
    </span>
  );
}
