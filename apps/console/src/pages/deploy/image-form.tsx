import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { WhereFields, type Where } from "./where-fields.tsx";
import { AppNameField, isBadName } from "./app-name-field.tsx";

/** Deploys an image by reference and goes to the operation. */
export function ImageForm() {
  const text = useText();
  const navigate = useNavigate();
  const id = useId();
  const [name, setName] = useState("");
  const [image, setImage] = useState("");
  const [port, setPort] = useState<number | null>(null);
  const [where, setWhere] = useState<Where>({});
  const ready = name !== "" && !isBadName(name) && image !== "";
  const deploy = useMutation({
    mutationFn: () => client.deployImage({ name, image, ...where, ...(port === null ? {} : { port }) }),
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
  });
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) deploy.mutate();
      }}
    >
      <AppNameField value={name} onChange={setName} help={text.deploy.appNameHelp} />
      <label htmlFor={`${id}-image`}>{text.deploy.imageRef}</label>
      <Input
        id={`${id}-image`}
        value={image}
        placeholder="ghcr.io/team/app:1.2"
        spellCheck={false}
        required
        onChange={(event) => setImage(event.target.value.trim())}
      />
      <label htmlFor={`${id}-port`}>{text.deploy.port}</label>
      <InputNumber<number> id={`${id}-port`} min={1} max={65535} precision={0} value={port} placeholder="8080" onChange={setPort} />
      <p className="faint">{text.deploy.portHelp}</p>
      <WhereFields where={where} onChange={setWhere} />
      <Button type="primary" htmlType="submit" disabled={!ready} loading={deploy.isPending}>
        {text.deploy.button}
      </Button>
      <Refused of={deploy} />
    </form>
  );
}
