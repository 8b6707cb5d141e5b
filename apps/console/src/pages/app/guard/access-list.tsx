import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";
import { Ago } from "../../../ui/time.tsx";
import { useNow } from "../../../ui/use-now.ts";
import { fromLocalTime, toLocalTime } from "../../../ui/local-time.ts";
import { entryFault, MOST_ENTRIES, newEntry, type DraftEntry, type Operator } from "./guard-draft.ts";

const OPERATORS: readonly Operator[] = ["present", "exact", "prefix", "regex"];

interface AccessListProps {
  title: string;
  /** What it means when nobody is on it. */
  none: string;
  add: string;
  entries: readonly DraftEntry[];
  readOnly: boolean;
  onChange: (entries: readonly DraftEntry[]) => void;
}

/** Who is refused, or let in; each for good or until a time. */
export function AccessList({ title, none, add, entries, readOnly, onChange }: AccessListProps) {
  return (
    <section role="group" aria-label={title}>
      <h4>{title}</h4>
      {entries.length === 0 && <p className="faint">{none}</p>}
      {entries.map((entry, index) => (
        <EntryFields
          key={entry.key}
          list={title}
          number={index + 1}
          entry={entry}
          readOnly={readOnly}
          onChange={(next) => onChange(entries.with(index, next))}
          onRemove={() => onChange(entries.toSpliced(index, 1))}
        />
      ))}
      {!readOnly && (
        <Button size="small" disabled={entries.length >= MOST_ENTRIES} onClick={() => onChange([...entries, newEntry(entries)])}>
          {add}
        </Button>
      )}
    </section>
  );
}

interface EntryFieldsProps {
  list: string;
  number: number;
  entry: DraftEntry;
  readOnly: boolean;
  onChange: (entry: DraftEntry) => void;
  onRemove: () => void;
}

function EntryFields({ list, number, entry, readOnly, onChange, onRemove }: EntryFieldsProps) {
  const { guard, rules } = useText();
  const now = useNow(20_000);
  const label = guard.entry(list, number);
  const fault = entryFault(entry);
  const set = (part: Partial<DraftEntry>) => onChange({ ...entry, ...part });
  const field = (name: "address" | "header" | "value" | "note") => (
    <Input
      className={name === "note" ? "guard-note" : ""}
      value={entry[name]}
      disabled={readOnly}
      maxLength={name === "note" ? 200 : 1024}
      placeholder={guard[name]}
      aria-label={`${guard[name]}: ${label}`}
      status={fault === name && entry[name] !== "" ? "error" : ""}
      spellCheck={name === "note"}
      onChange={({ target }) => set({ [name]: name === "note" ? target.value : target.value.trim() })}
    />
  );
  return (
    <div className="guard-entry">
      <Select<DraftEntry["kind"]>
        value={entry.kind}
        disabled={readOnly}
        aria-label={`${guard.kind}: ${label}`}
        options={(["address", "header"] as const).map((value) => ({ value, label: guard.kinds[value] }))}
        onChange={(kind) => set({ kind })}
      />
      {entry.kind === "address" ? (
        field("address")
      ) : (
        <>
          {field("header")}
          <Select<Operator>
            value={entry.is}
            disabled={readOnly}
            aria-label={`${guard.operator}: ${label}`}
            options={OPERATORS.map((value) => ({ value, label: rules.operators[value] }))}
            onChange={(is) => set({ is })}
          />
          {entry.is !== "present" && field("value")}
        </>
      )}
      <span aria-hidden="true">{guard.untilWord}</span>
      <Input
        type="datetime-local"
        className="guard-until"
        value={toLocalTime(entry.until)}
        disabled={readOnly}
        title={guard.until}
        aria-label={`${guard.until}: ${label}`}
        onChange={({ target }) => set({ until: fromLocalTime(target.value) })}
      />
      {field("note")}
      {!readOnly && (
        <Button type="text" icon={<DeleteOutlined />} aria-label={guard.remove(label)} title={guard.remove(label)} onClick={onRemove} />
      )}
      {fault !== null && <span className="guard-says faint">{guard.faults[fault]}</span>}
      {entry.until !== "" && (
        <span className="guard-says faint">
          {Date.parse(entry.until) <= now ? guard.over : guard.ends} <Ago at={entry.until} />
        </span>
      )}
    </div>
  );
}
