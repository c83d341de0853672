// Reads the screen aloud with a voice that is installed on this device: nothing a visitor does leaves it. Where there is
// none for the visitor's language the screen says so, and another voice tells those who cannot see it who will help.

import { isOn, toggle } from "./kiosk-display.js";

const speech = window.speechSynthesis;
const language = document.documentElement.lang;
const READ = "h1, h2, p, li, label, dt, dd";

/** Shows the button where there is a voice, and reads if the visitor has asked for it. */
export function readAloud(button) {
  if (!speech) return;
  speech.cancel(); // of the screen before
  let moved = false;
  let begun = false;

  const begin = () => {
    const isMissing = !voice() && speech.getVoices().some((each) => each.localService);
    document.querySelector("[data-no-voice]").hidden = !isMissing;
    if (isMissing && isOn("aloud") && !begun) sayThatThereIsNoVoice();
    begun ||= isMissing;
    if (!voice()) return;
    button.hidden = false;
    if (isOn("aloud") && !begun) readScreen();
    begun = true;
  };
  begin();
  // Browsers find their voices some time after the page is there.
  speech.addEventListener?.("voiceschanged", begin);

  document.addEventListener("display", ({ detail }) => {
    if (detail.name !== "aloud") return;
    if (detail.on) readScreen();
    else speech.cancel();
  });
  document.addEventListener("read", () => {
    if (!voice()) {
      sayThatThereIsNoVoice();
      return;
    }
    if (!isOn("keys")) toggle("keys");
    if (isOn("aloud")) readScreen();
    else toggle("aloud");
  });
  document.addEventListener("keydown", (event) => {
    moved = event.key === "Tab" || /^Numpad(Add|Subtract)$/.test(event.code);
  }, { capture: true });
  document.addEventListener("focusin", ({ target }) => {
    if (voice() && isOn("aloud") && moved) say([nameOf(target)]);
    moved = false;
  });
  document.addEventListener("input", ({ target }) => {
    if (voice() && isOn("aloud") && target.value) say([target.value.slice(-1)]);
  });
  const notice = document.querySelector("[data-return-notice]");
  new MutationObserver(() => {
    if (voice() && isOn("aloud") && !notice.hidden) say([document.querySelector("[data-say]").dataset.sayTime]);
  }).observe(notice, { attributeFilter: ["hidden"] });
}

const mainPart = (tag) => tag.replace("_", "-").split("-")[0].toLowerCase();

function voice(code = language) {
  const fitting = speech.getVoices().filter((each) => each.localService && mainPart(each.lang) === mainPart(code));
  return fitting.find((each) => each.default) ?? fitting[0];
}

function say(sentences, code = language) {
  speech.cancel();
  for (const sentence of sentences) {
    const utterance = new SpeechSynthesisUtterance(sentence);
    utterance.voice = voice(code);
    utterance.lang = code;
    speech.speak(utterance);
  }
}

function sayThatThereIsNoVoice() {
  const sentences = JSON.parse(document.querySelector("[data-say]").dataset.sayNoVoice);
  const code = Object.keys(sentences).find((each) => voice(each));
  if (code) say([sentences[code]], code);
}

/** What there is to read, and then what there is to press. */
function readScreen() {
  const texts = [...document.querySelectorAll("main")].flatMap((main) => [...main.querySelectorAll(READ)])
    .filter((each) => each.checkVisibility() && !each.closest("a, button, [data-silent]") && !each.querySelector("a, button, p, li"))
    .map(textOf);
  const controls = [...document.querySelectorAll("main a, main button, .kiosk-actions a, .kiosk-actions button")]
    .filter((each) => each.checkVisibility() && !each.closest("[data-keypad]"));
  say([...texts, ...controls.map(nameOf)].filter(Boolean));
}

function textOf(element) {
  const text = element.textContent.replace(/\s+/g, " ").trim();
  // A ticket's number letter by letter, as it will be called.
  return element.matches(".kiosk-number") ? [...text].join(" ") : text;
}

function nameOf(control) {
  const name = control.labels?.[0]?.textContent.trim() ?? textOf(control);
  if (!isOn("keys") || !control.dataset.number) return name;
  const { sayPress } = document.querySelector("[data-say]").dataset;
  return sayPress.replace("{key}", control.dataset.number).replace("{name}", name);
}
