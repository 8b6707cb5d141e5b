import SearchOutlined from "@ant-design/icons/SearchOutlined";
import Button from "antd/es/button";
import { lazy, Suspense, useEffect, useState } from "react";
import { useText } from "../../i18n/language.tsx";

const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));
const mac = navigator.userAgent.includes("Mac");

/** The button and the keys (⌘K, Ctrl-K) that open the search over everything. */
export function Find() {
  const text = useText();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(mac ? event.metaKey : event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  return (
    <>
      <Button
        className="find-button"
        icon={<SearchOutlined />}
        aria-keyshortcuts={mac ? "Meta+K" : "Control+K"}
        onClick={() => setOpen(true)}
      >
        {text.find.open} <kbd className="faint">{mac ? "⌘K" : "Ctrl K"}</kbd>
      </Button>
      {open && (
        <Suspense>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
