import ClearOutlined from "@ant-design/icons/ClearOutlined";
import DownloadOutlined from "@ant-design/icons/DownloadOutlined";
import PauseOutlined from "@ant-design/icons/PauseOutlined";
import PlayCircleOutlined from "@ant-design/icons/PlayCircleOutlined";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useState } from "react";
import { instancesQuery, versionsQuery } from "../../api/queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { download } from "../../ui/download.ts";
import { LineList } from "../../ui/line-list.tsx";
import { Blank } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Select } from "../../ui/select.tsx";
import type { TimeSpan } from "../../api/time-span.ts";
import { lastSeconds, SpanForm } from "../../ui/time-span.tsx";
import { useTyped } from "../../ui/use-typed.ts";
import { find, nothingFound } from "./kept-lines.ts";
import { usePlace } from "./use-place.ts";
import { useLogs, type LogFeed, type LogQuery } from "./use-logs.ts";

const route = getRouteApi("/apps/$app/$env/logs");

/** Fills a laptop's window below the tab's controls. */
const HEIGHT = 560;

export function LogsTab() {
  const place = usePlace();
  const { version, instance, from, to } = route.useSearch();
  const key = [place.app, place.env, version, instance, from, to].join(" ");
  return <LogView key={key} place={place} version={version} instance={instance} span={{ from, to }} />;
}

function LogView({ place, version, instance, span }: LogQuery) {
  const text = useText();
  const [paused, setPaused] = useState(false);
  // Who scrolls up reads: what comes meanwhile waits, and nothing moves under their eyes.
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(true);
  const format = useFormat();
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { words, setTyped, onBlur } = useTyped(q);
  const setWords = (typed: string) => {
    setTyped(typed);
    void navigate({ search: (now) => ({ ...now, q: typed === "" ? undefined : typed }), replace: true });
  };
  // A line that was found, among those around it.
  const [around, setAround] = useState<number | null>(null);
  const [before, setBefore] = useState(nothingFound);
  const feed = useLogs({ place, version, instance, span }, paused || !following);
  const over = span.to !== undefined;
  const found = find(before, feed.lines, words);
  if (found !== before) setBefore(found);
  const shown = found.lines;
  const save = () =>
    download(`${place.app}-${place.env}.log`, shown.map((line) => `${line.time} ${line.version} ${line.instance} ${line.text}\n`).join(""));
  return (
    <>
      <title>{`${text.app.logs} · ${place.app} · Ebb`}</title>
      <div className="toolbar">
        <LogFilter place={place} version={version} instance={instance} span={span} />
        <Input
          className="find"
          value={words}
          onBlur={onBlur}
          allowClear
          placeholder={text.logs.find}
          aria-label={text.logs.find}
          onChange={(event) => {
            setWords(event.target.value);
            setAround(null);
          }}
        />
        {!over && (
          <Button icon={paused ? <PlayCircleOutlined /> : <PauseOutlined />} onClick={() => setPaused(!paused)}>
            {!paused ? text.logs.pause : feed.held === 0 ? text.logs.resume : text.logs.resumeWith(format.number(feed.held))}
          </Button>
        )}
        <Button icon={<ClearOutlined />} aria-label={text.logs.clear} title={text.logs.clear} onClick={feed.clear} />
        <Button
          icon={<DownloadOutlined />}
          aria-label={text.logs.download}
          title={text.logs.download}
          disabled={shown.length === 0}
          onClick={save}
        />
        <Checkbox checked={wrap} onChange={(event) => setWrap(event.target.checked)}>
          {text.logs.wrap}
        </Checkbox>
        <LogTime span={span} />
      </div>
      {feed.error !== null && <ProblemNote error={feed.error} />}
      {shown.length > 0 ? (
        <LineList
          lines={shown}
          wrap={wrap}
          label={text.logs.label}
          height={HEIGHT}
          onFollow={setFollowing}
          held={paused ? 0 : feed.held}
          around={words === "" ? around : null}
          {...(words === ""
            ? {}
            : {
                onAround: (line) => {
                  setAround(line);
                  setWords("");
                },
              })}
        />
      ) : (
        <Blank>{feed.lines.length > 0 ? text.logs.noMatch : over ? text.span.noLine : text.logs.waiting}</Blank>
      )}
      <LogFoot feed={feed} paused={paused || !following} shown={shown.length} />
    </>
  );
}

/** What comes, or a time from and to. */
function LogTime({ span }: { span: TimeSpan }) {
  const { span: words } = useText();
  const navigate = route.useNavigate();
  const show = ({ from, to }: TimeSpan) => void navigate({ search: (now) => ({ ...now, from, to }), replace: true });
  return (
    <>
      <Choice
        label={words.label}
        value={span.from === undefined ? "live" : "span"}
        options={[
          ["live", words.live],
          ["span", words.choose],
        ]}
        onChange={(next) => show(next === "span" ? lastSeconds(3600) : {})}
      />
      {span.from !== undefined && <SpanForm span={span} onShow={show} />}
    </>
  );
}

function LogFoot({ feed, paused, shown }: { feed: LogFeed; paused: boolean; shown: number }) {
  const text = useText();
  const format = useFormat();
  const done = feed.state === "done";
  const state = done ? text.span.allLines : paused ? text.logs.paused : feed.state === "broken" ? text.logs.broken : text.logs.live;
  const calm = done || paused || feed.state === "broken";
  return (
    <p className="faint log-foot">
      <span className={`dot ${calm ? "dot-calm" : "dot-good"}`} aria-hidden="true" />
      {state} · {text.logs.lines(shown, format.number(shown))}
      {feed.dropped > 0 && ` · ${text.logs.dropped(format.number(feed.dropped))}`}
    </p>
  );
}

/** Which lines the platform sends; kept in the address. */
function LogFilter({ place, version, instance, span }: LogQuery) {
  const text = useText();
  const navigate = route.useNavigate();
  const versions = useQuery(versionsQuery(place));
  const instances = useQuery(instancesQuery(place));
  // What the address names is offered even when it is gone: its lines may still be there.
  const names = new Set([...(versions.data ?? []).map((item) => item.name), ...(version === undefined ? [] : [version])]);
  const ids = new Set([
    ...(instances.data ?? []).filter((item) => version === undefined || item.version === version).map((item) => item.id),
    ...(instance === undefined ? [] : [instance]),
  ]);
  const choose = (search: { version?: string | undefined; instance?: string | undefined }) =>
    void navigate({ search: ({ q }) => ({ ...search, ...span, q }), replace: true });
  return (
    <>
      <Select
        className="filter"
        value={version ?? ""}
        aria-label={text.common.version}
        options={[{ value: "", label: text.common.allVersions }, ...[...names].map((name) => ({ value: name, label: name }))]}
        onChange={(value) => choose({ version: value === "" ? undefined : value })}
      />
      <Select
        className="filter"
        value={instance ?? ""}
        aria-label={text.logs.instance}
        popupMatchSelectWidth={false}
        options={[{ value: "", label: text.logs.allInstances }, ...[...ids].map((id) => ({ value: id, label: id }))]}
        onChange={(value) => choose({ version, instance: value === "" ? undefined : value })}
      />
    </>
  );
}
