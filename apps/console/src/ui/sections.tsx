import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";

/** The parts of what a page is about, a link each. */
export function SectionNav({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  const nav = useRef<HTMLElement>(null);
  const pathname = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    // On a phone the row scrolls: where one is must be in view. In the next frame, which lays the page out anyway: here it would be once more.
    const frame = requestAnimationFrame(() =>
      nav.current?.querySelector(`a[href="${pathname}"], a.active`)?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    );
    return () => cancelAnimationFrame(frame);
  }, [pathname]);
  return (
    <nav ref={nav} className={`sections ${className}`} aria-label={label}>
      {children}
    </nav>
  );
}
