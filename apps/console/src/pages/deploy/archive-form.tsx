import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { APP_NAME } from "./app-name.ts";
import { archiveOf } from "./source-archive.ts";
import { SourceDrop, type Source } from "./source-drop.tsx";
import { WhereFields, type Where } from "./where-fields.tsx";

/** Uploads a folder or an archive of source and goes to the operation that builds it. */
export function ArchiveForm() {
  const text = useText();
  const format = useFormat();
  const navigate = useNavigate();
  const id = useId();
  const [source, setSource] = useState<Source | null>(null);
  const [packed, setPacked] = useState(0);
  const [sending, setSending] = useState(false);
  const [name, setName] = useState("");
  const [where, setWhere] = useState<Where>({});
  const [noTraffic, setNoTraffic] = useState(false);
  const badName = name !== "" && !APP_NAME.test(name);
  const deploy = useMutation({
    mutationFn: async (from: Source) => {
      setSending(false);
      const archive = from.kind === "archive" ? from.file : await archiveOf(from.files, setPacked);
      setSending(true);
      return client.uploadSource(archive, {
        ...where,
        ...(name === "" ? {} : { name }),
        ...(from.kind === "folder" ? { defaultName: from.name } : {}),
        ...(noTraffic ? { noTraffic } : {}),
      });
    },
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
  });
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (source !== null && !badName) deploy.mutate(source);
      }}
    >
      <SourceDrop source={source} onChange={setSource} />
      <label htmlFor={id}>{text.deploy.appName}</label>
      <Input
        id={id}
        value={name}
        status={badName ? "error" : ""}
        spellCheck={false}
        placeholder={source?.kind === "folder" && APP_NAME.test(source.name) ? source.name : ""}
        onChange={(event) => setName(event.target.value.trim())}
      />
      <p className={badName ? "bad-text" : "faint"}>{badName ? text.deploy.badName : text.deploy.appNameOptional}</p>
      <WhereFields where={where} onChange={setWhere} />
      <Checkbox checked={noTraffic} onChange={(event) => setNoTraffic(event.target.checked)}>
        {text.deploy.noTraffic}
      </Checkbox>
      <Button type="primary" htmlType="submit" disabled={source === null || badName} loading={deploy.isPending}>
        {deploy.isPending && sending ? text.deploy.uploading : text.deploy.button}
      </Button>
      {deploy.isPending && !sending && source?.kind === "folder" && (
        <p>
          <progress value={packed} max={Math.max(1, source.bytes)} aria-label={text.deploy.packing} />{" "}
          {text.deploy.packed(format.bytes(packed), format.bytes(source.bytes))}
        </p>
      )}
      <Refused of={deploy} />
    </form>
  );
}
