import SearchOutlined from "@ant-design/icons/SearchOutlined";
import { useRouter } from "@tanstack/react-router";
import Button from "antd/es/button";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useText } from "../../i18n/language.tsx";
import { meaningOf, singleKeys, takesKeys } from "./keys.ts";

const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));
const Shortcuts = lazy(async () => ({ default: (await import("./shortcuts.tsx")).Shortcuts }));
const mac = navigator.userAgent.includes("Mac");
const KEYS = mac ? "⌘K" : "Ctrl K";

/** The button and the keys (⌘K, Ctrl-K) that open the search over everything, and the keys that lead elsewhere. */
export function Find() {
  const text = useText();
  const router = useRouter();
  const began = useRef<number | null>(null);
  const [open, setOpen] = useState<"search" | "keys" | null>(null);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (event.key.toLowerCase() === "k" && (mac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey) {
        event.preventDefault();
        setOpen("search");
        return;
      }
      if (!singleKeys.on) return;
      const elsewhere = !plain || event.isComposing || takesKeys(event.target);
      const meant = meaningOf({ key: event.key, elsewhere, at: event.timeStamp }, began.current);
      began.current = meant?.do === "wait" ? event.timeStamp : null;
      if (meant?.do === "help") setOpen("keys");
      else if (meant?.do === "go") router.history.push(meant.to);
      if (meant !== null) event.preventDefault();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [router]);
  return (
    <>
      <Button
        className="find-button"
        icon={<SearchOutlined />}
        aria-keyshortcuts={mac ? "Meta+K" : "Control+K"}
        title={text.keys.hint}
        onClick={() => setOpen("search")}
      >
        <span className="find-words">{text.find.open}</span> <kbd className="faint">{KEYS}</kbd>
      </Button>
      {open !== null && (
        <Suspense>
          {open === "search" ? <Palette onClose={() => setOpen(null)} /> : <Shortcuts find={KEYS} onClose={() => setOpen(null)} />}
        </Suspense>
      )}
    </>
  );
}
