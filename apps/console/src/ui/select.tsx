import AntSelect, { type SelectProps } from "antd/es/select";
import { useEffect, useRef, type ReactElement, type ReactNode } from "react";

/** Ant Design's, whose open list is called what the field is called: without a name a screen reader cannot say what one chooses. */
export function Select<Value = string>(props: SelectProps<Value>) {
  const { id, "aria-label": label } = props;
  return <AntSelect<Value> {...props} popupRender={namedList(label, id)} />;
}

const namedList = (label: string | undefined, field: string | undefined) => (list: ReactElement) => (
  <NamedList label={label} field={field}>
    {list}
  </NamedList>
);

function NamedList({ label, field, children }: { label: string | undefined; field: string | undefined; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const name = label ?? (field === undefined ? null : document.querySelector(`label[for="${CSS.escape(field)}"]`)?.textContent);
    for (const list of frame.current?.querySelectorAll("[role=listbox]") ?? []) list.setAttribute("aria-label", name ?? "");
  });
  return <div ref={frame}>{children}</div>;
}
