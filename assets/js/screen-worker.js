// Keeps the last page of the waiting-room screen, so that a screen which restarts without network shows the last calls
// and says that they are not live, instead of the browser's error page. It recovers by itself (screen-link.js).

const KEPT = "screen";
const PATIENCE = 6000; // ms

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isPage = request.mode === "navigate";
  const isPart = ["style", "script", "font", "image"].includes(request.destination);
  if (request.method === "GET" && (isPage || isPart)) event.respondWith(fresh(request, isPage));
});

async function fresh(request, isPage) {
  const store = await caches.open(KEPT);
  try {
    const answer = await fetch(request, isPage ? { signal: AbortSignal.timeout(PATIENCE) } : {});
    if (answer.status >= 500) throw new Error(String(answer.status));
    if (answer.ok) await store.put(request, answer.clone());
    return answer;
  } catch (error) {
    const last = await store.match(request);
    if (last) return last;
    throw error;
  }
}
