// Keeps the desk up to date and gives it keys. Without it everything works too, by reloading.

import { fetchPart, follow, renew, seldom, showState } from "./desk-live.js";

const AT_MOST_EVERY = 400; // ms between two looks at the line, however much happens
const KEYS_KEPT_AS = "desk-keys";

const desk = document.querySelector("[data-desk]");

async function refresh() {
  const part = await fetchPart(desk.dataset.line, "[data-part]");
  if (!part) return;
  const { ticket, state } = part.dataset;
  if (ticket !== desk.dataset.ticket || state !== desk.dataset.state) { // acted on elsewhere
    if (!desk.querySelector("details[open]")) location.reload(); // else somebody is just filling something in
    return;
  }
  renew(desk.querySelector("[data-waiting]"), part);
}

/** The number that is looked at: once it was called or is gone, the page must not offer to call it. */
async function refreshNumber() {
  const part = await fetchPart(location.href, "[data-desk]");
  if (part && part.dataset.state !== desk.dataset.state && !desk.contains(document.activeElement)) location.reload();
}

/** One key for each button that shows one. They can be switched off, because speech input presses keys by accident. */
function giveKeys() {
  const buttons = [...desk.querySelectorAll("[data-key]")]; // links too
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
    if (button.form) button.form.requestSubmit(button);
    else button.click();
  });
  show();
}

if (desk) giveKeys();
if (desk?.dataset.watch !== undefined) {
  follow(desk.dataset.live, seldom(refreshNumber, AT_MOST_EVERY));
} else if (desk) {
  follow(desk.dataset.live, seldom(refresh, AT_MOST_EVERY), (isLive) => showState(desk.querySelector("[data-live-state]"), isLive));
  setInterval(refresh, 30_000); // the minutes of waiting pass without events
}
