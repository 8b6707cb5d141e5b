import { useId, useRef, useState, type ReactNode } from "react";

/** Kept free at the window's edge. */
const MARGIN = 8;
const WIDTH = 320;

interface SwitcherProps {
  /** What is switched, for a screen reader. */
  label: string;
  /** What the button shows. */
  shown?: ReactNode;
  /** Made when it opens: links, whose click closes it. */
  children: () => ReactNode;
}

/**
 * A button over a list of links. The browser's own popover closes on Escape and on a click elsewhere, comes right after its button in the order of
 * the Tab key, and gives the focus back.
 */
export function Switcher({ label, shown, children }: SwitcherProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        className="switcher"
        popoverTarget={id}
        aria-label={shown === undefined ? label : undefined}
        aria-expanded={open}
      >
        {shown !== undefined && <span className="unseen">{label}: </span>}
        {shown}
        <span className="switcher-arrow" aria-hidden="true" />
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        className="switcher-list"
        role="group"
        aria-label={label}
        onBeforeToggle={({ newState }) => {
          if (newState !== "open" || button.current === null || list.current === null) return;
          setOpen(true);
          const { left, bottom } = button.current.getBoundingClientRect();
          list.current.style.left = `${Math.max(MARGIN, Math.min(left, document.documentElement.clientWidth - WIDTH - MARGIN))}px`;
          list.current.style.top = `${bottom + MARGIN / 2}px`;
        }}
        // Not before it is closed: the browser gives the focus back only from what is still there.
        onToggle={({ newState }) => setOpen(newState === "open")}
        onClick={({ target }) => {
          if (target instanceof Element && target.closest("a") !== null) list.current?.hidePopover();
        }}
      >
        {open && children()}
      </div>
    </>
  );
}
