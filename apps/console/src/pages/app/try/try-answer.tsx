import type { TriedRequest } from "@ebb/api";
import Alert from "antd/es/alert";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { CopyButton } from "../../../ui/copy.tsx";
import { StackedBar } from "../../../ui/stacked-bar.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { timelineOf } from "./timeline.ts";

/** What became of a request: its timeline first, then the answer. */
export function TryAnswer({ tried }: { tried: TriedRequest }) {
  const text = useText();
  const { answer, failure, version, url } = tried;
  return (
    <div className="try-answer">
      {failure !== null && <Alert type="error" showIcon title={text.tryIt.failed} description={failure} />}
      <p>
        {answer && <b className={answer.status >= 500 ? "bad-text number" : "number"}>{answer.status}</b>}{" "}
        {version !== null && <VersionMark version={version} />} <code className="faint">{url}</code>
      </p>
      <Timeline tried={tried} />
      {answer && <Answer answer={answer} />}
    </div>
  );
}

function Timeline({ tried }: { tried: TriedRequest }) {
  const text = useText();
  const format = useFormat();
  const segments = timelineOf(tried, text);
  const whole = segments.reduce((sum, { duration }) => sum + duration, 0);
  const words = segments.map(({ name, duration }) => `${name} ${format.duration(duration)}`);
  return (
    <section>
      <h3>
        {text.tryIt.timeline}: <span className="number">{format.duration(tried.timings.end)}</span>
      </h3>
      <StackedBar segments={segments} whole={whole} label={words.join(", ")} />
      <ol className="timeline">
        {segments.map(({ name, duration, colour }) => (
          <li key={name}>
            <i className="swatch" style={{ background: colour }} aria-hidden="true" />
            <span>{name}</span>
            <span className="number">{format.duration(duration)}</span>
          </li>
        ))}
      </ol>
      <p className="faint">{tried.coldStart === null ? text.tryIt.awake : text.tryIt.started(tried.coldStart.instance)}</p>
    </section>
  );
}

function Answer({ answer: { headers, body, encoding, truncated } }: { answer: NonNullable<TriedRequest["answer"]> }) {
  const text = useText();
  return (
    <>
      <details>
        <summary>{text.tryIt.headers(headers.length)}</summary>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard */}
        <pre tabIndex={0}>{headers.map(({ name, value }) => `${name}: ${value}`).join("\n")}</pre>
      </details>
      <div className="between">
        <h3>{text.tryIt.answerBody}</h3>
        {body !== "" && <CopyButton value={body} what={text.tryIt.answerBody} />}
      </div>
      {encoding === "base64" && <p className="faint">{text.tryIt.binary}</p>}
      {truncated && <p className="warn">{text.tryIt.truncated}</p>}
      {body === "" ? (
        <p className="faint">{text.tryIt.empty}</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard
        <pre tabIndex={0}>{body}</pre>
      )}
    </>
  );
}
