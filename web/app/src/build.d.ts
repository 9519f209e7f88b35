// What the build fills in.

/** See `scripts/tabs-version.ts`. */
declare const __TABS_VERSION__: string;
