import Button from "antd/es/button";
import { useRef, useState } from "react";
import { uploadClient } from "../../api/upload.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { APP_NAME } from "./app-name.ts";
import { archiveOf } from "./source-archive.ts";
import { SourceDrop, type Source } from "./source-drop.tsx";
import { TargetFields } from "./target-fields.tsx";
import { useDeploy } from "./use-deploy.ts";
import { useTarget, type FormProps } from "./use-target.ts";

/** Uploads a folder or an archive of source and goes to the operation that builds it. */
export function ArchiveForm({ target, onTarget }: FormProps) {
  const text = useText();
  const [source, setSource] = useState<Source | null>(null);
  const [step, setStep] = useState<Step | null>(null);
  const abort = useRef<AbortController>(null);
  const suggested = source?.kind === "folder" && APP_NAME.test(source.name) ? source.name : "";
  const found = useTarget(target, suggested);
  const { badName } = found;
  const { change, conflict, submit } = useDeploy({
    found,
    editing: source !== null,
    onReload: () => setSource(null),
    send: async (from: Source, on) => {
      const { signal } = (abort.current = new AbortController());
      try {
        const archive = from.kind === "archive" ? from.file : await pack(from, setStep, signal);
        const sent = (done: number) => setStep({ name: "sending", done: Math.min(done, archive.size), all: archive.size });
        sent(0);
        // A folder's own name gives way to the one in its ebb.yaml; what is typed does not.
        const query = {
          ...found.where,
          ...(target.name === null || target.name === "" ? {} : { name: target.name }),
          ...(from.kind === "folder" ? { defaultName: from.name } : {}),
        };
        return await uploadClient(sent).uploadSource(archive, query, { signal, ...on });
      } finally {
        setStep(null);
      }
    },
  });
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (source !== null && !badName) submit(source);
      }}
    >
      <p className="faint">{text.deploy.archiveText}</p>
      <SourceDrop source={source} onChange={setSource} />
      <TargetFields target={target} onChange={onTarget} found={found} help={text.deploy.appNameOptional} />
      <div className="form-actions">
        <Button type="primary" htmlType="submit" disabled={source === null || badName} loading={change.isPending}>
          {text.deploy.button}
        </Button>
        {change.isPending && <Button onClick={() => abort.current?.abort(new Cancelled())}>{text.common.cancel}</Button>}
        {source === null && <span className="faint">{text.deploy.chooseFirst}</span>}
      </div>
      {step !== null && <Progress step={step} />}
      {change.error instanceof Cancelled ? <p role="status">{text.sending.cancelled}</p> : <Refused of={change} conflict={conflict} />}
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
