export { default as locale } from "antd/es/locale/en_US";
export { en as text } from "./en.ts";
