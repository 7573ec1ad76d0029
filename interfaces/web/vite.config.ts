import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// Relative addresses, so that the page works under any path a proxy gives it.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "../api/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  test: { include: ["src/**/*.test.ts"], isolate: false },
});
