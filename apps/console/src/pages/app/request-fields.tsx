import Input from "antd/es/input";
import { useId, useState, type ReactNode } from "react";
import { useText } from "../../i18n/language.tsx";
import { Select } from "../../ui/select.tsx";
import { headerLines, METHODS } from "./http-fields.ts";

/** A request as it is typed, and whether it can be asked about or sent; `first`: what it begins with. */
export function useRequestFields(first: { method?: string | undefined; target?: string | undefined; headers?: string | undefined } = {}) {
  const [method, setMethod] = useState<string>(METHODS.find((name) => name === first.method) ?? "GET");
  const [path, setPath] = useState(first.target ?? "/");
  const [headers, setHeaders] = useState(first.headers ?? "");
  const { lines, wrong } = headerLines(headers);
  const badPath = !/^\/[\x21-\x7e]*$/.test(path);
  return { method, setMethod, path, setPath, badPath, headers, setHeaders, lines, wrong, ready: !badPath && wrong === null };
}

type RequestFields = ReturnType<typeof useRequestFields>;

/** Method and path, with what the form has between the two. */
export function RequestLine({ fields, children }: { fields: RequestFields; children: ReactNode }) {
  const text = useText();
  return (
    <div className="request-line">
      <Select
        value={fields.method}
        aria-label={text.explain.method}
        options={METHODS.map((name) => ({ value: name, label: name }))}
        onChange={fields.setMethod}
      />
      {children}
      <Input
        value={fields.path}
        aria-label={text.explain.path}
        status={fields.badPath ? "error" : ""}
        spellCheck={false}
        onChange={(event) => fields.setPath(event.target.value)}
      />
    </div>
  );
}

export function HeaderLines({ fields, minRows, placeholder }: { fields: RequestFields; minRows: number; placeholder: string }) {
  const text = useText();
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{text.explain.headers}</label>
      <Input.TextArea
        id={id}
        value={fields.headers}
        autoSize={{ minRows, maxRows: 8 }}
        placeholder={placeholder}
        spellCheck={false}
        onChange={(event) => fields.setHeaders(event.target.value)}
      />
      {fields.wrong !== null && <p className="bad-text">{text.explain.badHeader(fields.wrong)}</p>}
    </>
  );
}
