import Button from "antd/es/button";
import type { ReactNode } from "react";
import { useText } from "../i18n/language.tsx";

interface SaveRowProps {
  /** Of the button that sends the form. */
  label: string;
  ready: boolean;
  busy: boolean;
  /** Whether there is anything typed to take back. */
  edited: boolean;
  onReset: () => void;
  /** What is said beside the buttons. */
  children?: ReactNode;
}

/** The end of a form that edits what there is: sends what was typed, or forgets it. */
export function SaveRow({ label, ready, busy, edited, onReset, children }: SaveRowProps) {
  const text = useText();
  return (
    <div className="form-actions">
      <Button type="primary" htmlType="submit" loading={busy} disabled={!ready}>
        {label}
      </Button>
      <Button disabled={!edited} onClick={onReset}>
        {text.traffic.reset}
      </Button>
      {children}
    </div>
  );
}
