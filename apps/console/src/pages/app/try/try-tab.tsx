import type { Place, TryRequest, Version } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../../api/connection.ts";
import { explainedQuery, placeQuery, versionsQuery } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { CopyButton } from "../../../ui/copy.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { Select } from "../../../ui/select.tsx";
import { METHODS } from "../http-fields.ts";
import { HeaderLines, RequestLine, useRequestFields } from "../request-fields.tsx";
import { askedAgain } from "../requests/asked-again.ts";
import { usePlace } from "../use-place.ts";
import { curlOf } from "./curl.ts";
import { TryAnswer } from "./try-answer.tsx";

const route = getRouteApi("/apps/$app/$env/try");

/** Sends one request through the gateway, and shows where its time went. */
export function TryTab() {
  const text = useText();
  const place = usePlace();
  const versions = useQuery(versionsQuery(place));
  const { request } = route.useSearch();
  // By its id: the address is kept, sent on and logged, and what was asked may be a secret.
  const remembered = useQuery({ ...explainedQuery(place, request ?? ""), enabled: request !== undefined, staleTime: Infinity });
  const form = (first: ReturnType<typeof askedAgain> | undefined) => (
    <TryForm key={JSON.stringify([place, request])} place={place} first={first} versions={versions.data ?? []} />
  );
  return (
    <>
      <title>{`${text.app.try} · ${place.app} · Ebb`}</title>
      <Panel title={text.tryIt.title}>
        {request === undefined ? (
          form(undefined)
        ) : (
          <Loaded query={remembered}>{({ request: one }) => form(one ? askedAgain(one) : undefined)}</Loaded>
        )}
      </Panel>
    </>
  );
}

const BODILESS = new Set(["GET", "HEAD"]);

interface TryFormProps {
  place: Place;
  /** A request that is tried again. */
  first: ReturnType<typeof askedAgain> | undefined;
  versions: readonly Version[];
}

function TryForm({ place, first, versions }: TryFormProps) {
  const text = useText();
  const id = useId();
  const fields = useRequestFields(first);
  const { method, path, lines } = fields;
  const [version, setVersion] = useState("");
  const [body, setBody] = useState("");
  const send = useMutation({
    mutationFn: () => {
      const pairs = lines.map((line) => {
        const colon = line.indexOf(":");
        return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
      });
      const request: TryRequest = {
        method: METHODS.find((name) => name === method) ?? "GET",
        path,
        headers: pairs,
        ...(BODILESS.has(method) || body === "" ? {} : { body }),
        ...(version === "" ? {} : { version }),
      };
      return client.tryRequest(place, request);
    },
  });
  const able = versions.filter(({ previewUrl }) => previewUrl !== null);
  const here = useQuery(placeQuery(place)).data;
  const base = version === "" ? here?.url : able.find(({ name }) => name === version)?.previewUrl;
  const sent = BODILESS.has(method) ? "" : body;
  const curl = base ? curlOf({ url: base.replace(/\/$/, "") + path, method, headers: lines, body: sent }) : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (fields.ready) send.mutate();
      }}
    >
      <p className="faint">{text.tryIt.intro}</p>
      <RequestLine fields={fields}>
        <Select
          value={version}
          aria-label={text.common.version}
          options={[{ value: "", label: text.tryIt.anyVersion }, ...able.map(({ name }) => ({ value: name, label: name }))]}
          onChange={setVersion}
        />
      </RequestLine>
      <HeaderLines fields={fields} minRows={1} placeholder="accept: application/json" />
      {!BODILESS.has(method) && (
        <>
          <label htmlFor={`${id}-body`}>{text.tryIt.body}</label>
          <Input.TextArea
            id={`${id}-body`}
            value={body}
            maxLength={65_536}
            autoSize={{ minRows: 3, maxRows: 12 }}
            spellCheck={false}
            onChange={(event) => setBody(event.target.value)}
          />
        </>
      )}
      <div className="form-actions">
        <Button type="primary" htmlType="submit" loading={send.isPending} disabled={!fields.ready}>
          {text.tryIt.send}
        </Button>
        {curl !== undefined && fields.ready && <CopyButton value={curl} what="curl" shown="curl" />}
        {send.isPending && <span role="status">{text.tryIt.waiting}</span>}
      </div>
      {send.isError && <ProblemNote error={send.error} title={text.problem.refused} />}
      {send.isSuccess && <TryAnswer tried={send.data} />}
    </form>
  );
}
