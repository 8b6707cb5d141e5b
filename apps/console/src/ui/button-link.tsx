import { createLink } from "@tanstack/react-router";
import Button from "antd/es/button";

/** A link within the console that looks like a button. */
export const ButtonLink = createLink(Button);
