import Input from "antd/es/input";
import { useId, useState, type ReactNode } from "react";

interface TypedConfirmProps {
  /** What is to be typed. */
  name: string;
  label: string;
  /** Of a form: Enter does it, too. */
  onConfirm: () => void;
  /** The buttons, which work once the name stands there. */
  children: (ready: boolean) => ReactNode;
}

/** A dangerous act: it is done by whoever has typed the name of what it takes. */
export function TypedConfirm({ name, label, onConfirm, children }: TypedConfirmProps) {
  const field = useId();
  const [typed, setTyped] = useState("");
  const ready = typed === name;
  return (
    <form
      className="delete-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onConfirm();
      }}
    >
      <label htmlFor={field}>{label}</label>
      <Input id={field} value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
      {children(ready)}
    </form>
  );
}
