// Larger text, more contrast, controls low, reading aloud: at once, without loading the screen anew.

const body = document.body;

export const isOn = (name) => body.classList.contains(`kiosk--${name}`);

let told = true;

/** Turns something on or off here and in the session, and tells everybody who listens for "display". */
export function toggle(name) {
  const on = body.classList.toggle(`kiosk--${name}`);
  document.querySelector(`form[data-display] [value="${name}"]`)?.setAttribute("aria-pressed", String(on));
  document.dispatchEvent(new CustomEvent("display", { detail: { name, on } }));
  // What is turned on together is told together: two answers at once would overwrite each other's session.
  if (told) queueMicrotask(tell);
  told = false;
}

function tell() {
  told = true;
  const form = document.querySelector("form[data-display]");
  if (!form) return;
  const fields = new URLSearchParams(new FormData(form));
  fields.set("quietly", "1");
  for (const style of body.classList) {
    if (style.startsWith("kiosk--")) fields.append("on", style.slice("kiosk--".length));
  }
  // keepalive: somebody may go on to the next screen at once.
  fetch(form.action, { method: "POST", body: fields, keepalive: true }).catch(() => {});
}

/** Makes the buttons work in place. A screen that would not go back by itself is loaded anew, so that it does. */
export function displaySwitches(form) {
  form.addEventListener("submit", (event) => {
    if (!event.submitter || !document.querySelector("main[data-return]")) return;
    event.preventDefault();
    toggle(event.submitter.value);
  });
}
