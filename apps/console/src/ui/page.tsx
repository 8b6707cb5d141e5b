import type { ReactNode } from "react";

interface PageProps {
  title: string;
  /** For the window's title when the heading says more or less than that. */
  windowTitle?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** One page: its window title, its only `h1`, what can be done with it, its content. */
export function Page({ title, windowTitle, actions, children }: PageProps) {
  return (
    <>
      <title>{`${windowTitle ?? title} · Ebb`}</title>
      <div className="page-head">
        <h1>{title}</h1>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** A titled part of a page. */
export function Panel({
  title,
  actions,
  className = "",
  children,
}: {
  title: string;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={`panel ${className}`}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** Nothing is there, and that is fine: says why, and what to do. */
export function Blank({ children }: { children: ReactNode }) {
  return <div className="blank-small">{children}</div>;
}
