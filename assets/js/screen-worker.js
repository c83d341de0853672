// Keeps the last page of the waiting-room screen, so that a screen which restarts without network shows the last calls
// and says that they are not live, instead of the browser's error page. It recovers by itself (screen-link.js).

const KEPT = "screen";
const PATIENCE = 6000; // ms

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A screen that was open before its worker says what it is made of. Its page comes last: where that is, all is.
self.addEventListener("message", (event) => event.waitUntil(keep(event.data.parts, event.data.page)));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isPage = request.mode === "navigate";
  const isPart = ["style", "script", "font", "image"].includes(request.destination);
  if (request.method === "GET" && (isPage || isPart)) event.respondWith(fresh(request, isPage));
});

async function keep(parts, page) {
  const store = await caches.open(KEPT);
  await Promise.all(parts.map((part) => store.add(part)));
  await store.add(page);
}

async function fresh(request, isPage) {
  const store = await caches.open(KEPT);
  try {
    const answer = await fetch(request, isPage ? { signal: AbortSignal.timeout(PATIENCE) } : {});
    if (answer.status >= 500) throw new Error(String(answer.status));
    if (answer.ok) await store.put(request, answer.clone());
    return answer;
  } catch (error) {
    const last = await store.match(request, { ignoreVary: true }); // one language for each screen
    if (last) return last;
    throw error;
  }
}
