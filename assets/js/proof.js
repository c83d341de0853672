// Proves that a browser has worked a little (the captcha's proof of work), in the background and without a puzzle.
// Nobody has to wait for it: it starts with the page. Where it cannot be done, the form is sent without a proof.

const WORKERS = Math.max(1, Math.min(4, (navigator.hardwareConcurrency ?? 2) - 1));
const EARLIER = 300; // seconds before the end of a challenge, when a new one is fetched
const PATIENCE = 60_000; // ms: after that a form waits no longer

const forms = [...document.querySelectorAll("form[data-proof]")];
let proof = null; // "" once it is known that there will be none
let waiting = null; // the form and button that were pressed too early

/** The counter that solves the challenge, found by some workers that share the numbers among them. */
function solve(parameters) {
  const workers = [];
  const found = new Promise((resolve, reject) => {
    for (let number = 0; number < WORKERS; number += 1) {
      const worker = new Worker(new URL("proof-worker.js", import.meta.url));
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = reject;
      worker.postMessage({ parameters, start: number, step: WORKERS });
      workers.push(worker);
    }
    setTimeout(() => reject(new Error("too slow")), 10 * PATIENCE);
  });
  return found.finally(() => workers.forEach((worker) => worker.terminate()));
}

async function work() {
  proof = null;
  try {
    const answer = await fetch(forms[0].dataset.proof, { headers: { Accept: "application/json" } });
    const challenge = await answer.json();
    if (!answer.ok || !challenge.parameters || !globalThis.crypto?.subtle) return done("");
    const solution = await solve(challenge.parameters);
    done(btoa(JSON.stringify({ challenge, solution })));
    const left = challenge.parameters.data.until - Date.now() / 1000 - EARLIER;
    if (left > 0) setTimeout(work, left * 1000);
  } catch {
    done("");
  }
}

function done(value) {
  proof = value;
  for (const form of forms) form.elements.proof.value = value;
  if (waiting) send(...waiting);
}

function send(form, button) {
  waiting = null;
  form.querySelector(".slots__wait").textContent = "";
  if (form.requestSubmit) form.requestSubmit(button);
  else button.click();
}

for (const form of forms) {
  form.addEventListener("submit", (event) => {
    if (proof !== null) return;
    event.preventDefault();
    waiting = [form, event.submitter];
    form.querySelector(".slots__wait").textContent = form.dataset.proofWait;
    setTimeout(() => { if (proof === null) done(""); }, PATIENCE);
  });
}

if (forms.length) {
  work();
  // A proof is good once: whoever comes "back" needs another.
  addEventListener("pageshow", (event) => { if (event.persisted) work(); });
}
