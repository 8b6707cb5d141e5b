import { Link } from "@tanstack/react-router";

/** `hello`, or `hello · test`: where an operation was. Plain text for what is not about one app, or about one that is gone everywhere. */
export function AppLink({ app, env }: { app: string; env: string }) {
  if (app === "") return <span>{env}</span>;
  if (env === "") {
    return (
      <Link to="/apps/$app" params={{ app }}>
        {app}
      </Link>
    );
  }
  return (
    <Link to="/apps/$app/$env" params={{ app, env }}>
      {app} <span className="faint">{env}</span>
    </Link>
  );
}
