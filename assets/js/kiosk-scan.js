// Lets a code be scanned on the start screen: a scanner types the whole code and Enter, without a pause.

const LONGEST_GAP = 1_000;
const CODE = /^[0-9A-Za-z -]{8,12}$/;

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
