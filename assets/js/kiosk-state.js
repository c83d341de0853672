// Keeps the small line for staff true, and lets a screen that waits for staff go on by itself.

const EVERY = 10_000;
const PATIENCE = 5_000;

/** Whether the screen says otherwise than the state whether numbers are given. */
function hasOldNumbers(state) {
  const said = document.querySelector("main").dataset.numbers;
  return said !== undefined && (said === "given") !== state.numbers;
}

/** Asks the program on this device again and again; the address stands in data-state. */
export function followState(line) {
  const waits = line.dataset.stateWaits;
  const ask = async () => {
    try {
      const answer = await fetch(line.dataset.state, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
      const state = await answer.json();
      line.textContent = state.text;
      if (waits && state.ready) location.replace(waits);
      // The start screen only: elsewhere somebody may be in the middle of reading.
      if (!waits && location.pathname === "/" && (!state.ready || hasOldNumbers(state))) location.reload();
    } catch {
      // The program is being restarted; the next question finds it.
    }
    setTimeout(ask, waits ? EVERY / 3 : EVERY);
  };
  setTimeout(ask, waits ? EVERY / 3 : EVERY);
}
