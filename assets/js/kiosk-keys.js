// Everything by a numeric keypad: each control has a number. The first key shows them.
//
//   digits   press the control with that number; in a field for digits they are typed
//   0, /     back to the start          Enter    what the screen is for, such as checking in
//   *        read the screen aloud      + and -  to the next control and back; Enter presses it
//   .        delete

import { isOn, toggle } from "./kiosk-display.js";

const SINGLE = 7; // with more controls than that all have two digits; 8 and 9 begin those of the frame
const PLACES = ".kiosk-info, .kiosk-controls, .kiosk-actions";

const isVisible = (control) => control.checkVisibility();
// Where the keys of the screen write: the field with the focus, else the first one.
const field = () => document.activeElement.closest("[data-keypad-target]") ?? document.querySelector("[data-keypad-target]");
const numbered = () => [...document.querySelectorAll("[data-number]")].filter(isVisible);

/** Gives every control its number and listens to the keys. */
export function numericKeypad() {
  let typed = "";
  number();

  const show = (prefix) => {
    typed = prefix;
    for (const control of document.querySelectorAll("[data-number]")) {
      control.toggleAttribute("data-number-off", !control.dataset.number.startsWith(prefix));
    }
  };
  const press = (control) => {
    show("");
    // A key of the screen's keypad leaves the focus in the field, so that Enter sends it.
    if (!control.closest("[data-keypad]")) control.focus();
    control.click();
  };
  const digit = (key) => {
    const wanted = typed + key;
    const controls = numbered();
    // "I need more time" comes before all others with a 9.
    const exact = controls.find((control) => control.dataset.number === wanted);
    if (exact) press(exact);
    else show(controls.some((control) => control.dataset.number.startsWith(wanted)) ? wanted : "");
  };

  document.addEventListener("keydown", (event) => {
    const key = /^Numpad(\w+)$/.exec(event.code)?.[1];
    if (!key || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^\d$/.test(key) && field()?.dataset.digits) return; // typed into the field
    if (key === "Enter") {
      enter(event);
      return;
    }
    event.preventDefault();
    if (key === "Multiply") document.dispatchEvent(new CustomEvent("read"));
    const known = isOn("keys");
    if (!known) toggle("keys");
    if (key === "Divide") location.assign(document.querySelector("[data-key='0']")?.href ?? "/");
    else if (key === "Add" || key === "Subtract") step(key === "Add" ? 1 : -1);
    else if (key === "Decimal") document.querySelector("[data-key-delete]")?.click();
    // Nobody knows a number that was not shown, unless it was read aloud.
    else if (/^\d$/.test(key) && known) digit(key);
  }, { capture: true });
}

function number() {
  const controls = [...document.querySelectorAll("a[href], button")];
  const free = controls.filter((control) => control.closest(PLACES) && !control.closest("[data-keypad]") &&
    !control.dataset.key && !control.closest("[data-keys-prefix]"));
  free.forEach((control, at) => {
    control.dataset.number = free.length <= SINGLE ? String(at + 1) : `${Math.floor(at / 9) + 1}${at % 9 + 1}`;
  });
  for (const control of controls) if (control.dataset.key) control.dataset.number = control.dataset.key;
  for (const place of document.querySelectorAll("[data-keys-prefix]")) {
    [...place.querySelectorAll("a[href], button")].forEach((control, at) => {
      control.dataset.number = `${place.dataset.keysPrefix}${(at + 1) % 10}`;
    });
  }
}

// On a control Enter presses it, in a field it sends the form: both is the browser's work.
function enter(event) {
  const active = document.activeElement;
  if (active?.matches("a, button, input") && !active.closest("[data-keypad]")) return;
  const main = document.querySelector("[data-key='Enter']");
  if (!main) return;
  event.preventDefault();
  main.click();
}

function step(direction) {
  const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden])")].filter(isVisible);
  const at = controls.indexOf(document.activeElement);
  const first = direction > 0 ? 0 : controls.length - 1;
  controls[at < 0 ? first : (at + direction + controls.length) % controls.length]?.focus({ focusVisible: true });
}
