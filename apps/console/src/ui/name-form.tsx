import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { useText } from "../i18n/language.tsx";
import { Panel } from "./page.tsx";
import { Refused } from "./refused.tsx";

interface NameFormProps<T> {
  /** Of the panel, and of its button. */
  title: string;
  className?: string;
  /** What a name is. */
  pattern: RegExp;
  help: string;
  /** What may be said beside the name. */
  remark: { label: string; maxLength: number };
  create: (name: string, remark: string) => Promise<T>;
  onCreated: (made: T) => unknown;
}

/** Makes something that is known by a name. */
export function NameForm<T>({ title, className = "", pattern, help, remark, create, onCreated }: NameFormProps<T>) {
  const text = useText();
  const id = useId();
  const [name, setName] = useState("");
  const [said, setSaid] = useState("");
  const bad = name !== "" && !pattern.test(name);
  const creation = useMutation({
    mutationFn: () => create(name, said),
    onSuccess: (made) => {
      setName("");
      setSaid("");
      return onCreated(made);
    },
  });
  return (
    <Panel title={title} className={className}>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (pattern.test(name)) creation.mutate();
        }}
      >
        <label htmlFor={`${id}-name`}>{text.account.name}</label>
        <Input
          id={`${id}-name`}
          value={name}
          status={bad ? "error" : ""}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        <p className={bad ? "bad-text" : "faint"}>{help}</p>
        <label htmlFor={`${id}-remark`}>{remark.label}</label>
        <Input id={`${id}-remark`} value={said} maxLength={remark.maxLength} onChange={(event) => setSaid(event.target.value)} />
        <Button type="primary" htmlType="submit" disabled={!pattern.test(name)} loading={creation.isPending}>
          {title}
        </Button>
        <Refused of={creation} />
      </form>
    </Panel>
  );
}
