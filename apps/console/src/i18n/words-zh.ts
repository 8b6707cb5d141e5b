export { default as locale } from "antd/es/locale/zh_CN";
export { zh as text } from "./zh.ts";
