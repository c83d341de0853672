// Lets a code be scanned on the start screen: a scanner types the whole code and Enter, without a pause. A reader of
// machine-readable lines does so after each line.

const LONGEST_GAP = 1_000;
export const CODE = /^[0-9A-Za-z -]{8,12}$|\/card\/of\//; // of an appointment; or the link of a card's leaflet

/** Sends the form with what was scanned. */
export function scanAnywhere(form) {
  let typed = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.timeStamp - last > LONGEST_GAP) typed = "";
    last = event.timeStamp;
    if (event.key === "Enter" && CODE.test(typed)) {
      event.preventDefault();
      form.querySelector("[data-scan-code]").value = typed;
      form.requestSubmit();
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  });
}

const LINES = 90; // characters of all three lines

/** Waits for the lines that are still to come, instead of sending the form at the Enter after the first one. */
export function linesGoOn(field) {
  let last = 0;
  field.addEventListener("keydown", (event) => {
    const isQuick = event.timeStamp - last < LONGEST_GAP;
    last = event.timeStamp;
    const typed = field.value.replace(/\s/g, "");
    if (event.key === "Enter" && isQuick && typed.includes("<") && typed.length < LINES) event.preventDefault();
  });
}
