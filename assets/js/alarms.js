// The bar of staff: alarms and calls for help show on every page, an alarm is heard, and E pressed twice raises one.
// Without it the bar shows them when a page is loaded, and the button works.

import { fetchPart, follow, seldom } from "./desk-live.js";

const ASK_WHEN_NOT_LIVE = 10_000; // ms
const AGAIN_WITHIN = 4000; // ms between the two presses
const HEARD_KEPT_AS = "alarms-heard";
const KEYS_KEPT_AS = "desk-keys";
const AT_MOST_EVERY = 400; // ms between two looks, however much happens
const BEGINS_WITHIN = 500; // ms: where sound is allowed it takes a moment to begin

const bar = document.querySelector("[data-alarms]");
const soundButton = document.querySelector("[data-alarm-sound]");
let isLive = false;
let audio = null;
let isSilent = false; // an alarm waits for the sound to be allowed

async function refresh() {
  const fresh = await fetchPart(bar.dataset.alarms, "[data-alarm]");
  if (!fresh) return;
  const shown = bar.querySelector("[data-alarm]");
  const words = (each) => each.textContent.replace(/\s+/g, " ").trim();
  // Changed only when it is another one, so that it is spoken once.
  if (words(fresh) !== words(shown)) shown.replaceWith(document.adoptNode(fresh));
  raise();
}

/** Marks the title while there is an alarm, and sounds for each that was not heard in this browser. */
function raise() {
  const isAlarm = bar.querySelector("[data-alarm]").dataset.emergency !== undefined;
  document.title = (isAlarm ? "! " : "") + document.title.replace(/^! /, "");
  if (unheard().length) makeHeard();
  else soundButton.hidden = true;
}

const heard = () => (localStorage.getItem(HEARD_KEPT_AS) ?? "").split(" ").filter(Boolean);

function unheard() {
  const { emergency = "" } = bar.querySelector("[data-alarm]").dataset;
  return emergency.split(" ").filter((number) => number && !heard().includes(number));
}

/** Sounds as soon as the browser allows it, which may take a touch of this page; not before is the alarm heard. */
async function makeHeard() {
  audio ??= globalThis.AudioContext ? new AudioContext() : null;
  if (!audio) return;
  if (isSilent) {
    soundButton.hidden = false;
    return;
  }
  isSilent = true;
  const asking = setTimeout(() => { soundButton.hidden = !unheard().length; }, BEGINS_WITHIN);
  await audio.resume().catch(() => {});
  clearTimeout(asking);
  isSilent = false;
  soundButton.hidden = audio.state === "running";
  const numbers = unheard(); // another page may have been quicker, or the alarm be over
  if (audio.state !== "running" || !numbers.length) return;
  localStorage.setItem(HEARD_KEPT_AS, [...heard(), ...numbers].slice(-50).join(" "));
  sound();
}

function sound() {
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

/** E, and E again: once may be a slip of the hand, or speech input. Keys can be switched off at the desk. */
function giveKey(form) {
  const button = form.querySelector("button");
  const words = form.querySelector("[data-emergency-words]");
  const usual = [...words.childNodes];
  const areOn = () => localStorage.getItem(KEYS_KEPT_AS) !== "off";
  let pressedAt = 0;
  const show = () => { form.querySelector(".key").hidden = !areOn(); };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    if (!areOn() || isTyping || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.toLowerCase() !== "e") {
      pressedAt = 0;
      words.replaceChildren(...usual);
      return;
    }
    event.preventDefault();
    if (Date.now() - pressedAt < AGAIN_WITHIN) {
      form.requestSubmit(button);
      return;
    }
    pressedAt = Date.now();
    words.textContent = button.dataset.again;
    setTimeout(() => { words.replaceChildren(...usual); }, AGAIN_WITHIN);
  });
  document.addEventListener("change", show); // the switch of the keys
  show();
}

if (bar) {
  raise();
  // Any touch or key allows it, also that of the button.
  for (const kind of ["click", "keydown"]) addEventListener(kind, () => { if (isSilent) audio.resume().catch(() => {}); });
  const look = seldom(refresh, AT_MOST_EVERY);
  follow(
    bar.dataset.live,
    (kind) => { if (["open", "reset", "counter.news"].includes(kind)) look(); },
    (state) => { isLive = state; },
  );
  // What has grown old goes by itself; and without a connection, asking is the only way to hear of anything.
  setInterval(() => { if (!isLive || !bar.querySelector("[data-alarm]").hidden) look(); }, ASK_WHEN_NOT_LIVE);
}
const form = document.querySelector("[data-emergency-form]");
if (form) giveKey(form);
