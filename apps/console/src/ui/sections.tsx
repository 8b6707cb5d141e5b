import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode, type RefObject } from "react";

/** Of a row of links. On a phone it scrolls: where one is must be in view. */
export function useCurrentInView(): RefObject<HTMLElement | null> {
  const nav = useRef<HTMLElement>(null);
  const pathname = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    // In the next frame, which lays the page out anyway: here it would be once more.
    const frame = requestAnimationFrame(() =>
      nav.current?.querySelector(`a[href="${pathname}"], a.active`)?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    );
    return () => cancelAnimationFrame(frame);
  }, [pathname]);
  return nav;
}

/** The parts of what a page is about, a link each. */
export function SectionNav({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  const nav = useCurrentInView();
  return (
    <nav ref={nav} className={`sections ${className}`} aria-label={label}>
      {children}
    </nav>
  );
}
