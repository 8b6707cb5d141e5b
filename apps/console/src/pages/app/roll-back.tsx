import type { Place, Version } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Refused } from "../../ui/refused.tsx";

/** Back to what served before; the platform knows which that was. Nothing where there is only one version to serve. */
export function RollBack({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const navigate = useNavigate();
  const back = useMutation({
    mutationFn: () => client.rollback(place),
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  const able = versions.filter(({ state }) => state === "ready" || state === "asleep");
  if (able.length < 2) return null;
  return (
    <div>
      <Confirm
        title={text.promote.rollBackConfirm}
        description={text.promote.rollBackText}
        okText={text.promote.rollBack}
        onConfirm={() => back.mutate()}
      >
        <Button size="small" loading={back.isPending}>
          {text.promote.rollBack}
        </Button>
      </Confirm>
      <Refused of={back} />
    </div>
  );
}
