import type { Operation } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { useText } from "../i18n/language.tsx";
import { Panel } from "./page.tsx";
import { Refused } from "./refused.tsx";
import { TypedConfirm } from "./typed-confirm.tsx";

interface DeletePanelProps {
  title: string;
  /** What will be gone. */
  says: string;
  name: string;
  remove: () => Promise<Operation>;
}

/** Deletes what has that name once it was typed, and shows the operation. */
export function DeletePanel({ title, says, name, remove }: DeletePanelProps) {
  const text = useText();
  const navigate = useNavigate();
  const deletion = useMutation({
    mutationFn: remove,
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  return (
    <Panel title={title}>
      <p>{says}</p>
      <TypedConfirm name={name} label={text.danger.type(name)} onConfirm={() => deletion.mutate()}>
        {(ready) => (
          <Button type="primary" danger htmlType="submit" disabled={!ready} loading={deletion.isPending}>
            {text.danger.button}
          </Button>
        )}
      </TypedConfirm>
      <Refused of={deletion} />
    </Panel>
  );
}
