// Keeps the desk up to date and gives it keys. Without it everything works too, by reloading.

const AT_MOST_EVERY = 400; // ms between two looks at the line, however much happens
const KEYS_KEPT_AS = "desk-keys";

const desk = document.querySelector("[data-desk]");

/** Follows the office; `onNews` is called after every event, `onState` with whether we are connected. */
function follow(url, onNews, onState) {
  const kinds = ["issued", "called", "serving", "done", "no_show", "left", "waiting", "parked", "transferred", "favoured", "undone"]
    .map((kind) => `ticket.${kind}`).concat("counter.opened", "counter.closed", "counter.paused", "counter.news", "reset");
  let source;
  function connect() {
    source = new EventSource(url);
    source.onopen = () => { onState(true); onNews(); }; // something may have happened while we were away
    source.onerror = () => {
      onState(false);
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(connect, 3000 + Math.random() * 4000);
    };
    kinds.forEach((kind) => source.addEventListener(kind, onNews));
  }
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

/** Calls `work` at once, and again when it was asked for in the meantime, but not more often than every so many ms. */
function seldom(work, milliseconds) {
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

async function refresh() {
  let answer;
  try {
    answer = await fetch(desk.dataset.line, { headers: { Accept: "text/html" } });
  } catch {
    return; // the connection tells for itself
  }
  if (answer.redirected || answer.status === 401 || answer.status === 403) return location.reload(); // signed out
  if (!answer.ok) return;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-part]");
  if (!part) return;
  const { ticket, state } = part.dataset;
  const alarm = part.querySelector("template").content.firstElementChild;
  const shown = document.querySelector("[data-alarm]");
  if (alarm.textContent !== shown.textContent) shown.replaceWith(alarm); // only then, so that it is spoken once
  if (desk.querySelector("[data-waiting] details[open]")) return; // somebody is choosing there: not under their hands
  if (ticket !== desk.dataset.ticket || state !== desk.dataset.state) return location.reload(); // acted on elsewhere
  desk.querySelector("[data-waiting]").replaceChildren(part);
}

function showState(isLive) {
  const place = desk.querySelector("[data-live-state]");
  place.hidden = false;
  place.textContent = isLive ? place.dataset.on : place.dataset.off;
  place.classList.toggle("desk__live--on", isLive);
}

/** One key for each button that shows one. They can be switched off, because speech input presses keys by accident. */
function giveKeys() {
  const buttons = [...desk.querySelectorAll("[data-key]")];
  const choice = desk.querySelector("[data-keys-switch]");
  const box = desk.querySelector("[data-keys]");
  choice.checked = localStorage.getItem(KEYS_KEPT_AS) !== "off";
  const show = () => buttons.forEach((button) => {
    button.querySelector(".key").hidden = !choice.checked;
    button.toggleAttribute("aria-keyshortcuts", choice.checked);
    if (choice.checked) button.setAttribute("aria-keyshortcuts", button.dataset.key);
  });
  box.hidden = buttons.length === 0;
  choice.addEventListener("change", () => {
    localStorage.setItem(KEYS_KEPT_AS, choice.checked ? "on" : "off");
    show();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (!choice.checked || typing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const button = buttons.find((each) => each.dataset.key === event.key.toLowerCase());
    if (!button) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  });
  show();
}

if (desk) {
  giveKeys();
  follow(desk.dataset.live, seldom(refresh, AT_MOST_EVERY), showState);
  setInterval(refresh, 30_000); // the minutes of waiting pass without events
}
