import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev -w @ebb/console` sends API calls: a platform started with `./ebb up`. */
const platform = process.env["EBB_URL"] ?? "http://127.0.0.1:8090";

export default defineConfig({
  plugins: [react()],
  build: {
    // scripts/finish-build.ts reads the manifest: the initial script has a limit.
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
  },
  // The platform refuses a Host or an Origin that is not its own.
  server: { proxy: { "/api": { target: platform, changeOrigin: true, ws: true, headers: { origin: new URL(platform).origin } } } },
});
