import type { Place } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../../api/connection.ts";
import { domainsQuery } from "../../../api/domain-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";

export function AddDomain({ place }: { place: Place }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [secure, setSecure] = useState(true);
  const [redirect, setRedirect] = useState(true);
  const add = useMutation({
    mutationFn: () => client.addDomain(place, { name, certificate: secure ? "acme" : "none", redirect }),
    onSuccess: () => setName(""),
    onSettled: () => queryClient.invalidateQueries(domainsQuery(place)),
  });
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== "") add.mutate();
      }}
    >
      <label htmlFor={id}>{text.domains.name}</label>
      <Input
        id={id}
        value={name}
        spellCheck={false}
        autoComplete="off"
        placeholder="www.example.com"
        aria-describedby={`${id}-help`}
        onChange={(event) => setName(event.target.value.trim())}
      />
      <p id={`${id}-help`} className="faint">
        {text.domains.nameHelp}
      </p>
      <Checkbox checked={secure} onChange={(event) => setSecure(event.target.checked)}>
        {text.domains.withCertificate}
      </Checkbox>
      <Checkbox checked={redirect && secure} disabled={!secure} onChange={(event) => setRedirect(event.target.checked)}>
        {text.domains.withRedirect}
      </Checkbox>
      <Button type="primary" htmlType="submit" disabled={name === ""} loading={add.isPending}>
        {text.domains.add}
      </Button>
      <Refused of={add} />
    </form>
  );
}
