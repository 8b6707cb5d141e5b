import type { Place } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import { Panel } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { TypedConfirm } from "../../../ui/typed-confirm.tsx";

/** The app's end, in this environment or in all. */
export function DangerZone({ place, readOnly }: { place: Place; readOnly: boolean }) {
  const text = useText();
  const { app } = place;
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: (everywhere: boolean) => (everywhere ? client.deleteApp(app) : client.deleteAppEnvironment(place)),
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
  });
  return (
    <Panel title={text.danger.title}>
      <p>{text.danger.text(app)}</p>
      {readOnly ? (
        <p className="faint">{text.settings.deleteReadOnly}</p>
      ) : (
        <TypedConfirm name={app} label={text.danger.type(app)} onConfirm={() => remove.mutate(false)}>
          {(ready) => (
            <>
              <Button danger htmlType="submit" disabled={!ready} loading={remove.isPending}>
                {text.danger.buttonIn(place.env)}
              </Button>
              <Button type="primary" danger disabled={!ready} loading={remove.isPending} onClick={() => remove.mutate(true)}>
                {text.danger.button}
              </Button>
            </>
          )}
        </TypedConfirm>
      )}
      <Refused of={remove} />
    </Panel>
  );
}
