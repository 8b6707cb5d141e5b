import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import { useRef, useState } from "react";
import { uploadClient } from "../../api/upload.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { APP_NAME } from "./app-name.ts";
import { AppNameField, isBadName } from "./app-name-field.tsx";
import { archiveOf } from "./source-archive.ts";
import { SourceDrop, type Source } from "./source-drop.tsx";
import { WhereFields, type Where } from "./where-fields.tsx";

/** Uploads a folder or an archive of source and goes to the operation that builds it. */
export function ArchiveForm() {
  const text = useText();
  const navigate = useNavigate();
  const [source, setSource] = useState<Source | null>(null);
  const [step, setStep] = useState<Step | null>(null);
  const abort = useRef<AbortController>(null);
  const [name, setName] = useState("");
  const [where, setWhere] = useState<Where>({});
  const badName = isBadName(name);
  const deploy = useMutation({
    mutationFn: async (from: Source) => {
      const { signal } = (abort.current = new AbortController());
      const archive = from.kind === "archive" ? from.file : await pack(from, setStep, signal);
      const sent = (done: number) => setStep({ name: "sending", done: Math.min(done, archive.size), all: archive.size });
      sent(0);
      const query = {
        ...where,
        ...(name === "" ? {} : { name }),
        ...(from.kind === "folder" ? { defaultName: from.name } : {}),
      };
      return uploadClient(sent).uploadSource(archive, query, { signal });
    },
    onSettled: () => setStep(null),
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
      <AppNameField
        value={name}
        onChange={setName}
        help={text.deploy.appNameOptional}
        placeholder={source?.kind === "folder" && APP_NAME.test(source.name) ? source.name : ""}
      />
      <WhereFields where={where} onChange={setWhere} />
      <div className="form-actions">
        <Button type="primary" htmlType="submit" disabled={source === null || badName} loading={deploy.isPending}>
          {text.deploy.button}
        </Button>
        {deploy.isPending && <Button onClick={() => abort.current?.abort(new Cancelled())}>{text.common.cancel}</Button>}
      </div>
      {step !== null && <Progress step={step} />}
      {deploy.error instanceof Cancelled ? <p role="status">{text.sending.cancelled}</p> : <Refused of={deploy} />}
    </form>
  );
}

/** Bytes of what is packed, then of what is sent. */
interface Step {
  name: "packing" | "sending";
  done: number;
  all: number;
}

/** By whoever is looking: nothing has failed. */
class Cancelled extends Error {}

function pack({ files, bytes }: Extract<Source, { kind: "folder" }>, onStep: (step: Step) => void, signal: AbortSignal): Promise<Blob> {
  return archiveOf(files, (done) => onStep({ name: "packing", done, all: bytes }), signal);
}

function Progress({ step: { name, done, all } }: { step: Step }) {
  const text = useText();
  const format = useFormat();
  const words = name === "packing" ? text.deploy.packed : done < all ? text.sending.sent : text.sending.storing;
  return (
    <p className="sending">
      <progress value={done} max={Math.max(1, all)} aria-label={name === "packing" ? text.deploy.packing : text.deploy.uploading} />
      <span className="number">{words(format.bytes(done), format.bytes(all))}</span>
    </p>
  );
}
