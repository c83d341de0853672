// Following the office's events, for the pages of staff.

const KINDS = ["issued", "called", "serving", "done", "no_show", "left", "waiting", "parked", "transferred", "favoured", "undone"]
  .map((kind) => `ticket.${kind}`)
  .concat(["opened", "closed", "paused", "changed", "news"].map((kind) => `counter.${kind}`))
  .concat("office.closing_early", "office.closing_as_usual", "reset");

const followed = new Map(); // by address: a page needs one connection, however many of its parts follow

/** Follows the office; `onNews` gets the kind of every event, `onState` whether we are connected. */
export function follow(url, onNews, onState = () => {}) {
  const others = followed.get(url);
  if (others) {
    others.push({ onNews, onState });
    return;
  }
  const listeners = [{ onNews, onState }];
  followed.set(url, listeners);
  let source;
  const tell = (kind) => listeners.forEach((each) => each.onNews(kind));
  const showAll = (isLive) => listeners.forEach((each) => each.onState(isLive));
  function connect() {
    source = new EventSource(url);
    source.onopen = () => { showAll(true); tell("open"); }; // something may have happened while we were away
    source.onerror = () => {
      showAll(false);
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(connect, 3000 + Math.random() * 4000);
    };
    KINDS.forEach((kind) => source.addEventListener(kind, () => tell(kind)));
  }
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

/** Calls `work` at once, and again when it was asked for in the meantime, but not more often than every so many ms. */
export function seldom(work, milliseconds) {
  let busy = false;
  let asked = false;
  return async function ask() {
    if (busy) { asked = true; return; }
    busy = true;
    await work();
    setTimeout(() => {
      busy = false;
      if (asked) { asked = false; ask(); }
    }, milliseconds);
  };
}

/** Says on the page whether it is live. */
export function showState(place, isLive) {
  place.hidden = false;
  place.textContent = isLive ? place.dataset.on : place.dataset.off;
  place.classList.toggle("desk__live--on", isLive);
}

/**
 * A part of a page as the server has it now; null where it cannot be had. Reloads where the sign-in is over. That the page
 * looks by itself does not make the sign-in last.
 */
export async function fetchPart(url, selector) {
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html", "X-Background": "1" } });
  } catch {
    return null; // the connection tells for itself
  }
  if (answer.redirected || answer.status === 401 || answer.status === 403) location.reload();
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(selector);
}

const CONTROLS = "a, button, summary, [tabindex]";

/** What tells a control from others, also when it comes anew: where it leads, and what its form sends. Alike are some still. */
function nameOf(control) {
  const sent = [...control.form?.querySelectorAll("input[type=hidden]:not([name=csrf_token])") ?? []];
  const leadsTo = control.getAttribute("href") ?? control.form?.action;
  return JSON.stringify([control.localName, leadsTo, control.value, sent.map((each) => [each.name, each.value])]);
}

const alike = (place, name) => [...place.querySelectorAll(CONTROLS)].filter((each) => nameOf(each) === name);

/**
 * Puts a fresh part in a place, unless somebody has something open there. Who was on a link or button stays on it; where
 * that is gone, at the place, so that the keyboard does not begin at the top of the page again.
 */
export function renew(place, part) {
  if (place.querySelector("details[open]")) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && nameOf(focused);
  const which = focused && alike(place, name).indexOf(focused);
  place.replaceChildren(part);
  if (!focused) return;
  place.tabIndex = -1;
  (alike(place, name)[which] ?? place).focus({ preventScroll: true });
}
