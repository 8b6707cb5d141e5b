import type { Place } from "@ebb/api";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal, type ITheme } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useEffectEvent, useRef } from "react";
import { useText } from "../../../i18n/language.tsx";
import type { Shade } from "../../../theme/tokens.ts";
import { useAppearance } from "../../../theme/appearance.tsx";
import { openShell, type RemoteShell, type ShellEnd } from "./remote-shell.ts";

interface ScreenProps {
  place: Place;
  instance: string;
  /** Null: the connection broke off. */
  onEnd: (end: ShellEnd | null) => void;
  /** Shift and Escape: a terminal takes every other key, Tab included. */
  onLeave: () => void;
}

/** Lines above the visible ones. */
const SCROLLBACK = 5_000;

/** The console's colours as they are in this appearance: a terminal knows no CSS variable. */
function themeOf(element: HTMLElement, shade: Shade): ITheme {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const dark = shade === "dark";
  return {
    black: dark ? "#39434a" : "#1b2226",
    brightBlack: dark ? "#8b989f" : "#667278",
    background: colour("--surface"),
    foreground: colour("--text"),
    cursor: colour("--link"),
    cursorAccent: colour("--surface"),
    selectionBackground: `${colour("--link")}55`,
    red: colour("--bad"),
    green: colour("--good"),
    yellow: colour("--warn"),
    blue: colour("--version-0"),
    magenta: colour("--version-4"),
    cyan: colour("--link"),
  };
}

/** A terminal, and the shell in it: one as long as the other. */
export function Screen({ place: { app, env }, instance, onEnd, onLeave }: ScreenProps) {
  const text = useText();
  const { shade } = useAppearance();
  const frame = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal>(null);
  const ended = useEffectEvent(onEnd);
  const left = useEffectEvent(onLeave);
  const shadeNow = useEffectEvent(() => shade);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const screen = new Terminal({
      scrollback: SCROLLBACK,
      screenReaderMode: true,
      fontFamily: getComputedStyle(element).fontFamily,
      fontSize: 13,
      theme: themeOf(element, shadeNow()),
      minimumContrastRatio: 4.5,
    });
    terminal.current = screen;
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(element);
    fit.fit();
    let shell: RemoteShell | null = null;
    // Not for what is undone at once, as React's strict mode does: each shell is a process, and a row in the trail.
    const starting = setTimeout(() => {
      shell = openShell({ app, env }, instance, {
        onOutput: (bytes) => screen.write(bytes),
        onEnd: (end) => {
          screen.options.disableStdin = true;
          ended(end);
        },
      });
      shell.resize(screen.cols, screen.rows);
    });
    screen.onData((input) => shell?.write(input));
    screen.onResize(({ cols, rows }) => shell?.resize(cols, rows));
    screen.attachCustomKeyEventHandler((event) => {
      if (event.key !== "Escape" || !event.shiftKey) return true;
      if (event.type === "keydown") left();
      return false;
    });
    screen.focus();
    const resized = new ResizeObserver(() => fit.fit());
    resized.observe(element);
    return () => {
      clearTimeout(starting);
      resized.disconnect();
      shell?.close();
      screen.dispose();
      terminal.current = null;
    };
  }, [app, env, instance]);
  useEffect(() => {
    if (terminal.current !== null && frame.current !== null) terminal.current.options.theme = themeOf(frame.current, shade);
  }, [shade]);
  return <div ref={frame} className="shell-frame" role="group" aria-label={text.terminal.label(instance)} />;
}
