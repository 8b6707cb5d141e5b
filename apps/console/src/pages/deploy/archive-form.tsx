import InboxOutlined from "@ant-design/icons/InboxOutlined";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useId, useRef, useState, type DragEvent } from "react";
import { client } from "../../api/connection.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { WhereFields, type Where } from "./where-fields.tsx";
import { APP_NAME } from "./app-name.ts";

const GZIP_MAGIC = [0x1f, 0x8b];

/** By its first bytes, as names lie. */
async function isGzip(file: File): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
}

/** Uploads an archive of source and goes to the operation that builds it. */
export function ArchiveForm() {
  const text = useText();
  const format = useFormat();
  const navigate = useNavigate();
  const id = useId();
  const picker = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [wrongFile, setWrongFile] = useState(false);
  const [name, setName] = useState("");
  const [where, setWhere] = useState<Where>({});
  const [noTraffic, setNoTraffic] = useState(false);
  const badName = name !== "" && !APP_NAME.test(name);
  const deploy = useMutation({
    mutationFn: (archive: File) =>
      client.uploadSource(archive, { ...where, ...(name === "" ? {} : { name }), ...(noTraffic ? { noTraffic } : {}) }),
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
  });

  const choose = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    const gzip = await isGzip(chosen);
    setWrongFile(!gzip);
    setFile(gzip ? chosen : null);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void choose(event.dataTransfer.files[0]);
  };

  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== null && !badName) deploy.mutate(file);
      }}
    >
      <div className="drop" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
        <input
          ref={picker}
          type="file"
          hidden
          accept=".gz,.tgz,application/gzip"
          onChange={(event) => void choose(event.target.files?.[0])}
        />
        <Button icon={<InboxOutlined />} onClick={() => picker.current?.click()}>
          {text.deploy.choose}
        </Button>
        <span className="faint">{file === null ? text.deploy.drop : text.deploy.chosen(file.name, format.bytes(file.size))}</span>
        {wrongFile && <span className="bad-text">{text.deploy.notTarGz}</span>}
      </div>
      <label htmlFor={id}>{text.deploy.appName}</label>
      <Input
        id={id}
        value={name}
        status={badName ? "error" : ""}
        spellCheck={false}
        onChange={(event) => setName(event.target.value.trim())}
      />
      <p className={badName ? "bad-text" : "faint"}>{badName ? text.deploy.badName : text.deploy.appNameOptional}</p>
      <WhereFields where={where} onChange={setWhere} />
      <Checkbox checked={noTraffic} onChange={(event) => setNoTraffic(event.target.checked)}>
        {text.deploy.noTraffic}
      </Checkbox>
      <Button type="primary" htmlType="submit" disabled={file === null || badName} loading={deploy.isPending}>
        {deploy.isPending ? text.deploy.uploading : text.deploy.button}
      </Button>
      {deploy.isError && <ProblemNote error={deploy.error} title={text.problem.refused} />}
    </form>
  );
}
