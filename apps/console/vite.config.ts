import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { controlsCss } from "./scripts/controls-css.ts";

/** Where `npm run dev -w @ebb/console` sends API calls: a platform started with `./ebb up`. */
const platform = process.env["EBB_URL"] ?? "http://127.0.0.1:8090";

const CONTROLS = "controls";
const PARTS = "parts";
const SHARED = [CONTROLS, PARTS];
/**
 * A page is a handful of files: left to itself the bundler makes one of each set of modules that some pages share, some sixty for a page, and
 * a browser asks for six at a time. A module is in the first group that it fits, and what only one page needs is in that page's file.
 */
const CHUNKS = [
  // Rarely changed by an update of ours: browsers keep it.
  { name: "base", test: /node_modules/, tags: ["$initial" as const], priority: 4 },
  { name: "start", test: /\.tsx?$/, tags: ["$initial" as const], priority: 3 },
  // What reads cron expressions, which two pages show: not on its way to all others.
  { name: "cron", test: /node_modules.croner|cron-times/, priority: 3 },
  { name: CONTROLS, test: /node_modules.(antd|@ant-design|@rc-component|@tanstack)/, minShareCount: 2, priority: 2 },
  { name: PARTS, test: /console.src/, minShareCount: 2, priority: 1 },
];

/** antd's inputs import its forms, which no page uses; that their index only adds names to its own export the package does not say. */
const FORM = /node_modules.@rc-component.form/;

/** What nearly every page needs beside its own file is on its way while the entry is read. Behind it, as a slow line is shared. */
const preloadShared: Plugin = {
  name: "preload-shared",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle }) =>
      Object.values(bundle ?? {})
        .filter((file) => file.type === "chunk" && SHARED.includes(file.name))
        .map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}`, fetchpriority: "low" },
          injectTo: "head" as const,
        })),
  },
};

export default defineConfig({
  plugins: [react(), controlsCss(), preloadShared],
  build: {
    // scripts/finish-build.ts reads the manifest: the initial script has a limit.
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      output: { codeSplitting: { groups: CHUNKS } },
      treeshake: { moduleSideEffects: [{ test: FORM, sideEffects: false }] },
    },
  },
  // The platform refuses a Host or an Origin that is not its own.
  server: { proxy: { "/api": { target: platform, changeOrigin: true, ws: true, headers: { origin: new URL(platform).origin } } } },
});
