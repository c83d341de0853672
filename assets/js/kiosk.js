// What every screen of the kiosk loads. Without it the screens still work: links, forms and a plain text field.
import { camera } from "./kiosk-camera.js";
import { displaySwitches } from "./kiosk-display.js";
import { keypad } from "./kiosk-keypad.js";
import { numericKeypad } from "./kiosk-keys.js";
import { followPaper } from "./kiosk-paper.js";
import { returnToStart } from "./kiosk-return.js";
import { linesGoOn, scanAnywhere } from "./kiosk-scan.js";
import { scrollButtons } from "./kiosk-scroll.js";
import { readAloud } from "./kiosk-speech.js";
import { followState } from "./kiosk-state.js";

// Chromium may bring a page back from memory although it must not be stored; its form would be a former visitor's.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// The answer can take some seconds; the buttons say so. Sent twice by a double tap it is one act for the office.
for (const form of document.querySelectorAll("form[data-waits]")) {
  form.addEventListener("submit", () => document.body.classList.add("kiosk--waits"));
}

for (const pad of document.querySelectorAll("[data-keypad]")) keypad(pad);
for (const form of document.querySelectorAll("form[data-scan]")) scanAnywhere(form);
for (const field of document.querySelectorAll("[data-lines]")) linesGoOn(field);
for (const form of document.querySelectorAll("form[data-display]")) displaySwitches(form);
for (const line of document.querySelectorAll("[data-paper]")) followPaper(line);
for (const box of document.querySelectorAll("[data-camera]")) camera(box);
for (const buttons of document.querySelectorAll("[data-scroll]")) scrollButtons(buttons);
for (const line of document.querySelectorAll("[data-state]")) followState(line);
for (const main of document.querySelectorAll("[data-return]")) returnToStart(main);
numericKeypad();
for (const button of document.querySelectorAll("[data-aloud]")) readAloud(button);
