import type { Place } from "@ebb/api";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState } from "react";
import { client } from "../../../api/connection.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { useChange } from "../use-change.ts";

/** A revision of the app's repository to the environment that one is in. */
export function DeployNow({ place }: { place: Place }) {
  const text = useText();
  const navigate = useNavigate();
  const { mayDeploy } = usePlaceRights(place);
  const [ref, setRef] = useState("");
  const { change, conflict, submit } = useChange({
    place,
    send: (_: null, on) => client.deployGit({ name: place.app, environment: place.env, ...(ref === "" ? {} : { ref }) }, on),
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
  if (!mayDeploy) return null;
  return (
    <form
      className="deploy-now"
      onSubmit={(event) => {
        event.preventDefault();
        submit(null);
      }}
    >
      <Input
        value={ref}
        placeholder={text.git.ref}
        aria-label={text.git.ref}
        title={text.git.refHelp}
        spellCheck={false}
        onChange={(event) => setRef(event.target.value.trim())}
      />
      <Button htmlType="submit" loading={change.isPending}>
        {text.git.deployTo(place.env)}
      </Button>
      <Refused of={change} conflict={conflict} />
    </form>
  );
}
