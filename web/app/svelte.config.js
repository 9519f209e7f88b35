// How Svelte files are compiled, for Vite and for the checker alike.
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
  // virtua comes as Svelte 5 components that need no compiler options of ours.
};
