import type { Domain, Place } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../../api/connection.ts";
import { domainsQuery } from "../../../api/domain-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";

/** For the platform's administrators: a name that only a private DNS knows cannot be proved. */
export function AcceptDomain({ place, domain: { name, displayName } }: { place: Place; domain: Domain }) {
  const { domains: text } = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [why, setWhy] = useState("");
  const accept = useMutation({
    mutationFn: () => client.acceptDomain(place, name, { why: why.trim() }),
    onSettled: () => queryClient.invalidateQueries(domainsQuery(place)),
  });
  return (
    <details>
      <summary>{text.accept}</summary>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (why.trim() !== "") accept.mutate();
        }}
      >
        <p>{text.acceptText(displayName)}</p>
        <label htmlFor={id}>{text.acceptWhy}</label>
        <Input id={id} value={why} maxLength={200} onChange={(event) => setWhy(event.target.value)} />
        <Button htmlType="submit" danger disabled={why.trim() === ""} loading={accept.isPending}>
          {text.acceptName(displayName)}
        </Button>
        <Refused of={accept} />
      </form>
    </details>
  );
}
