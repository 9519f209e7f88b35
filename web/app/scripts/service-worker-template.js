// Serves the app shell of one build from the cache. A new build waits until all tabs of the old one are closed, or
// until the user asks for it.

const VERSION = "__VERSION__";
const ASSETS = ["__ASSETS__"];
const CACHE = `anser-shell-${VERSION}`;

self.addEventListener("install", (event) => {
  // `reload`: past the HTTP cache, which may still have the page of an older build.
  const requests = ASSETS.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

// Sent by `src/state/update.svelte.ts`.
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      // The very first visit is controlled at once, so that the first reload already works offline.
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/") event.respondWith(fromCache("/", request));
  else if (ASSETS.includes(url.pathname)) event.respondWith(fromCache(url.pathname, request));
});

// Where only a service worker may show notifications, the page has it do so (`src/state/notifier.ts`).
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data.conversation));
});

async function openChat(conversation) {
  const [tab] = await self.clients.matchAll({ type: "window" });
  if (tab === undefined) return self.clients.openWindow(`/#chat-${conversation}`);
  tab.postMessage({ type: "openChat", conversation });
  return tab.focus();
}

async function fromCache(key, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key)) ?? fetch(request);
}
