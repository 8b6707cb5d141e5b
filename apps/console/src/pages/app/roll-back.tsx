import type { Place, Rollback, Version } from "@ebb/api";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Refused } from "../../ui/refused.tsx";
import { useChange } from "./use-change.ts";

/** Back to what served before; the platform knows which that was. Nothing where there is only one version to serve, or for whoever may not. */
export function RollBack({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const navigate = useNavigate();
  const { mayRelease } = usePlaceRights(place);
  const {
    change: back,
    conflict,
    submit,
  } = useChange({
    place,
    send: (body: Rollback, on) => client.rollback(place, body, on),
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  const able = versions.filter(({ state }) => state === "ready" || state === "asleep");
  if (able.length < 2 || !mayRelease) return null;
  return (
    <div>
      <Confirm
        title={text.promote.rollBackConfirm}
        description={text.promote.rollBackText}
        okText={text.promote.rollBack}
        onConfirm={() => submit({})}
      >
        <Button size="small" loading={back.isPending}>
          {text.promote.rollBack}
        </Button>
      </Confirm>
      <Refused of={back} conflict={conflict} />
    </div>
  );
}
