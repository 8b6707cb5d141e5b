import { createCache, extractStyle, StyleProvider } from "@ant-design/cssinjs";
import { Alert, Button, Checkbox, ConfigProvider, Empty, Input, InputNumber, Select, Skeleton, Space } from "antd";
import { createElement as element } from "react";
import { renderToString } from "react-dom/server";
import type { Plugin } from "vite";

const NAME = "virtual:controls.css";

/** One of each control that the console shows, with what it opens. */
const CONTROLS = [
  element(Alert, { title: "" }),
  element(Button),
  element(Checkbox),
  element(Empty),
  element(Input),
  element(Input.Search),
  element(Input.Password),
  element(Input.TextArea),
  element(InputNumber),
  element(Select, { open: true }),
  element(Skeleton),
  element(Space),
];

/**
 * Ant Design's styles as a file: a browser takes longer to write them, from scripts, than to draw the page. Colours and sizes are variables in
 * there, which the theme sets at run time, so that one file does for all themes. Refuses a build that bundles a control without its styles.
 */
export function controlsCss(): Plugin {
  let made: Extracted | undefined;
  const styles = () => (made ??= extract());
  return {
    name: "controls-css",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? styles().css : undefined),
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      for (const id of modules) {
        const control = /antd\/es\/([^/]+)\/style\/index\.js$/.exec(id)?.[1];
        if (control !== undefined && !styles().controls.has(control))
          this.error(`antd's ${control} would have no styles: add it to CONTROLS in scripts/controls-css.ts`);
      }
    },
  };
}

interface Extracted {
  css: string;
  /** By their folders in antd: `input-number`. */
  controls: ReadonlySet<string>;
}

function extract(): Extracted {
  const cache = createCache();
  const config = element(ConfigProvider, { theme: { hashed: false } }, ...CONTROLS);
  renderToString(element(StyleProvider, { cache, children: config }));
  const controls = new Set<string>();
  // `style%%InputNumber-InputNumber%ant-input-number%anticon`
  for (const key of cache.cache.keys()) {
    const name = /^style%%(\w+)-/.exec(key)?.[1];
    if (name !== undefined) controls.add(name.replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase());
  }
  return { css: extractStyle(cache, { plain: true, types: ["style"] }), controls };
}
