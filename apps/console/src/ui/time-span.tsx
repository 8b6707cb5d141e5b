import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import type { TimeSpan } from "../api/time-span.ts";
import type { Dictionary } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";
import { useText } from "../i18n/language.tsx";
import { browserZone, fromLocalTime, toLocalTime } from "./local-time.ts";

/** What an address says of it. */
export function spanOf(search: Record<string, unknown>): TimeSpan {
  const from = timeOf(search["from"]);
  const to = from === undefined ? undefined : timeOf(search["to"]);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function timeOf(value: unknown): string | undefined {
  const time = typeof value === "string" ? new Date(value) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

const MINUTE = 60_000;

/** The last so many seconds as they are now, in whole minutes as the fields have them. */
export function lastSeconds(seconds: number): TimeSpan {
  const now = Date.now();
  const minute = (time: number) => new Date(time * MINUTE).toISOString();
  return { from: minute(Math.floor((now - seconds * 1000) / MINUTE)), to: minute(Math.ceil(now / MINUTE)) };
}

/** Which time that is, in words. */
export function spanWords(words: Dictionary["span"], format: Format, { from = "", to }: TimeSpan): string {
  return to === undefined ? words.sinceThen(format.dateTime(from)) : words.whole(format.dateTime(from), format.dateTime(to));
}

/** From when to when, in the reader's time zone. Nothing is asked for while somebody types. */
export function SpanForm({ span, onShow }: { span: TimeSpan; onShow: (span: TimeSpan) => void }) {
  const { span: words } = useText();
  const id = useId();
  const [from, setFrom] = useState(toLocalTime(span.from ?? ""));
  const [to, setTo] = useState(toLocalTime(span.to ?? ""));
  const backwards = from !== "" && to !== "" && from >= to;
  return (
    <form
      className="span-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (from !== "" && !backwards) onShow({ from: fromLocalTime(from), ...(to === "" ? {} : { to: fromLocalTime(to) }) });
      }}
    >
      <label htmlFor={`${id}-from`}>{words.from}</label>
      <Input
        id={`${id}-from`}
        type="datetime-local"
        value={from}
        required
        title={browserZone}
        status={backwards ? "error" : ""}
        onChange={({ target }) => setFrom(target.value)}
      />
      <label htmlFor={`${id}-to`}>{words.to}</label>
      <Input
        id={`${id}-to`}
        type="datetime-local"
        value={to}
        title={`${words.toNow} · ${browserZone}`}
        status={backwards ? "error" : ""}
        onChange={({ target }) => setTo(target.value)}
      />
      <Button htmlType="submit" disabled={from === "" || backwards}>
        {words.show}
      </Button>
      <span className={backwards ? "bad-text" : "faint"} role="status">
        {backwards ? words.backwards : to === "" ? words.toNow : ""}
      </span>
    </form>
  );
}
