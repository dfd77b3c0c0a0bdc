import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// `npm run dev` serves the sources and hands what the API answers to a running duet (DUET_URL), or to the mock server.
const api = process.env.DUET_URL ?? "http://127.0.0.1:8080";
const proxied = Object.fromEntries(
  ["/api", "/metrics"].map((path) => [path, { target: api, changeOrigin: true, headers: { origin: api } }]),
);

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: proxied },
  preview: { proxy: proxied },
  build: {
    target: "es2022",
    // Data URLs would need a wider content security policy; the preload polyfill is an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
});
