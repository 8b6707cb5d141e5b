import type { Explanation, Place } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState } from "react";
import { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { HeaderLines, RequestLine, useRequestFields } from "../request-fields.tsx";

/** Which rule and version one request would get, and why; nothing is sent to the app. */
export function ExplainForm({ place }: { place: Place }) {
  const text = useText();
  const fields = useRequestFields();
  const [host, setHost] = useState("");
  const explain = useMutation({
    mutationFn: () =>
      client.explain(place, { method: fields.method, path: fields.path, headers: fields.lines, ...(host === "" ? {} : { host }) }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (fields.ready) explain.mutate();
      }}
    >
      <p className="faint">{text.explain.intro}</p>
      <RequestLine fields={fields}>
        <Input
          value={host}
          aria-label={text.explain.host}
          placeholder={text.explain.hostOwn}
          spellCheck={false}
          onChange={(event) => setHost(event.target.value.trim())}
        />
      </RequestLine>
      <HeaderLines fields={fields} minRows={2} placeholder={"x-canary: 1\ncookie: stage=beta"} />
      <div className="form-actions">
        <Button htmlType="submit" loading={explain.isPending} disabled={!fields.ready}>
          {text.explain.button}
        </Button>
      </div>
      {explain.isError && <ProblemNote error={explain.error} title={text.problem.refused} />}
      {explain.isSuccess && <Answer explanation={explain.data} />}
    </form>
  );
}

function Answer({ explanation }: { explanation: Explanation }) {
  const text = useText();
  const { version, rule, reason, skipped, split } = explanation;
  return (
    <div className="explanation" role="status">
      <p>
        {version === null ? <b>{text.explain.nobody}</b> : <VersionMark version={version} />}{" "}
        <span>{rule === null ? text.explain.bySplit : text.explain.byRule(rule)}</span>
      </p>
      <p className="faint">{reason}</p>
      {skipped.length > 0 && (
        <ul>
          {skipped.map((one) => (
            <li key={one.rule}>
              <b>{text.rules.rule(one.rule)}</b> {text.explain.skipped} <span className="faint">{one.because}</span>
            </li>
          ))}
        </ul>
      )}
      {rule === null && split.length > 1 && (
        <p>
          {text.explain.chance}{" "}
          {split.map((one) => (
            <span key={one.version}>
              <VersionMark version={one.version} /> <span className="number">{one.percent} %</span>{" "}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}
