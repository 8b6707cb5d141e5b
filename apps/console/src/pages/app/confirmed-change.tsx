import type { ChangeOptions, Operation, Place } from "@ebb/api";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { Confirm } from "../../ui/confirm.tsx";
import { Refused } from "../../ui/refused.tsx";
import { useChange } from "./use-change.ts";

interface ConfirmedChangeProps {
  place: Place;
  send: (on: ChangeOptions) => Promise<Operation>;
  button: string;
  /** What is asked before it is sent, and what would follow. */
  question: string;
  description: string;
}

/** A button for a change without anything to type, which leads to its operation. */
export function ConfirmedChange({ place, send, button, question, description }: ConfirmedChangeProps) {
  const navigate = useNavigate();
  const { change, conflict, submit } = useChange({
    place,
    send: (_: undefined, on) => send(on),
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  return (
    <div>
      <Confirm title={question} description={description} okText={button} onConfirm={() => submit(undefined)}>
        <Button size="small" loading={change.isPending}>
          {button}
        </Button>
      </Confirm>
      <Refused of={change} conflict={conflict} />
    </div>
  );
}
