import CheckOutlined from "@ant-design/icons/CheckOutlined";
import CopyOutlined from "@ant-design/icons/CopyOutlined";
import Button from "antd/es/button";
import { useEffect, useState } from "react";
import { useText } from "../i18n/language.tsx";

/** Copies a text; `what` completes the label for people who do not see what is beside it. `shown` stands beside the sign. */
export function CopyButton({ value, what, shown }: { value: string; what: string; shown?: string }) {
  const text = useText();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied ? text.common.copied : `${text.common.copy}: ${what}`;
  return (
    <Button
      type="text"
      size="small"
      className="quiet"
      aria-label={label}
      title={label}
      icon={copied ? <CheckOutlined /> : <CopyOutlined />}
      onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}
    >
      {shown}
    </Button>
  );
}

/** A command to type into a terminal. */
export function Command({ children }: { children: string }) {
  return (
    <span className="command">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls where it is too long */}
      <code tabIndex={0}>{children}</code>
      <CopyButton value={children} what={children} />
    </span>
  );
}

/** An address that opens in a new tab and can be copied; shown without its scheme, or as `label`. */
export function Address({ url, label }: { url: string; label?: string }) {
  return (
    <span className="address">
      <a href={url} target="_blank" rel="noreferrer" title={url} aria-label={label === undefined ? undefined : `${label}: ${url}`}>
        {label ?? url.replace(/^https?:\/\//, "").replace(/\/$/, "")}
      </a>
      <CopyButton value={url} what={url} />
    </span>
  );
}
