import type { Place } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState } from "react";
import { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { HeaderLines, RequestLine, useRequestFields } from "../request-fields.tsx";
import { ExplainedRoute } from "./explained-route.tsx";

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
      {explain.isSuccess && <ExplainedRoute explanation={explain.data} />}
    </form>
  );
}
