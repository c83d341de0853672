// Keeps the desk up to date and gives it keys. Without it everything works too, by reloading.

import { fetchPart, follow, renew, seldom, showState } from "./desk-live.js";

const AT_MOST_EVERY = 400; // ms between two looks at the line, however much happens
const KEYS_KEPT_AS = "desk-keys";

const desk = document.querySelector("[data-desk]");

async function refresh() {
  const part = await fetchPart(desk.dataset.line, "[data-part]");
  if (!part) return;
  const { ticket, state } = part.dataset;
  showNotices(part.querySelector("template").content.firstElementChild);
  if (ticket !== desk.dataset.ticket || state !== desk.dataset.state) { // acted on elsewhere
    if (!desk.querySelector("details[open]")) location.reload(); // else somebody is just filling something in
    return;
  }
  renew(desk.querySelector("[data-waiting]"), part);
}

/** Alarms and calls for help: changed only when they are others, so that they are spoken once; an alarm is heard, too. */
function showNotices(fresh) {
  const shown = document.querySelector("[data-alarm]");
  if (fresh.textContent.trim() === shown.textContent.trim()) return;
  const isNewAlarm = fresh.matches("[data-emergency]") && !shown.matches("[data-emergency]");
  shown.replaceWith(document.adoptNode(fresh));
  document.title = document.title.replace(/^! /, "");
  if (fresh.matches("[data-emergency]")) document.title = `! ${document.title}`;
  if (isNewAlarm) sound();
}

function sound() {
  const audio = globalThis.AudioContext ? new AudioContext() : null;
  if (!audio) return;
  for (const [start, frequency] of [[0, 880], [0.3, 660], [0.6, 880], [0.9, 660]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + 0.25);
  }
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
if (desk?.dataset.live) {
  follow(desk.dataset.live, seldom(refresh, AT_MOST_EVERY), (isLive) => showState(desk.querySelector("[data-live-state]"), isLive));
  setInterval(refresh, 30_000); // the minutes of waiting pass without events
}
