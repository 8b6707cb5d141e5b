import type { Place, Version } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";

/** Whether somebody has said that it is kept, and to say so. */
export function Pin({ place, version: { name, pinned } }: { place: Place; version: Version }) {
  const text = useText();
  const queryClient = useQueryClient();
  const { mayRelease } = usePlaceRights(place);
  const pin = useMutation({
    mutationFn: (to: boolean) => client.patchVersion(place, name, { pinned: to }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.app(place.app) }),
  });
  return (
    <>
      <span>{pinned === null ? text.kept.notPinned : text.kept.pinned(pinned)}</span>{" "}
      {mayRelease && (
        <Button size="small" loading={pin.isPending} onClick={() => pin.mutate(pinned === null)}>
          {pinned === null ? text.kept.pin : text.kept.unpin}
        </Button>
      )}
      <Refused of={pin} />
    </>
  );
}
