import { createLink } from "@tanstack/react-router";
import Button, { type ButtonProps } from "antd/es/button";

/** `look` is the button's `type`, which on a link means something else. */
function LinkedButton({ look, ...rest }: Omit<ButtonProps, "type"> & { look?: ButtonProps["type"] }) {
  return <Button type={look ?? "default"} {...rest} />;
}

/** A link within the console that looks like a button. */
export const ButtonLink = createLink(LinkedButton);
