// Keeps the phone ticket up to date. Without it the page loads itself again every now and then.

const page = document.querySelector("[data-phone-ticket]");
const lost = document.querySelector("[data-lost]");
const title = document.title;
const PATIENCE = 2; // failed looks before the page says so: phones lose the network in every corridor

let failed = 0;
let timer = null;
let busy = false;
let asked = false;

const status = () => page.querySelector("[data-status]");
const acts = () => page.querySelector("[data-acts]");

/** Looks how things stand; asked again in the meantime, it looks once more. */
async function look() {
  if (busy) { asked = true; return; }
  busy = true;
  clearTimeout(timer);
  try {
    const answer = await fetch(page.dataset.part, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    failed = 0;
  } catch {
    failed += 1;
  }
  lost.hidden = failed < PATIENCE;
  busy = false;
  if (asked) { asked = false; look(); return; }
  plan();
}

function plan() {
  clearTimeout(timer);
  const again = Number(status().dataset.again);
  if (!again) { source?.close(); return; }
  // Not all phones of a waiting room at once.
  timer = setTimeout(look, again * 1000 * (0.8 + Math.random() * 0.4));
}

function show(part) {
  const now = part.querySelector("[data-status]");
  if (!now) return;
  const shown = status();
  const before = shown.dataset.state;
  // In place, and only where something is new: the section is read out whenever it changes.
  if (now.innerHTML !== shown.innerHTML) shown.innerHTML = now.innerHTML;
  shown.className = now.className;
  Object.assign(shown.dataset, now.dataset);
  page.querySelector("[data-asof]").replaceWith(part.querySelector("[data-asof]"));
  const choices = part.querySelector("[data-acts]");
  // Not under the hands of somebody who is choosing or typing, unless what they choose is no longer possible.
  if (before !== now.dataset.state || !acts().querySelector("details[open]")) acts().replaceWith(choices);
  if (now.dataset.state === "called" && before !== "called") alarm();
  document.title = now.dataset.state === "called" ? `${page.dataset.calledTitle} – ${title}` : title;
}

function alarm() {
  navigator.vibrate?.([400, 150, 400, 150, 400]);
}

let source = null;
if (Number(status().dataset.again)) {
  source = new EventSource(page.dataset.live);
  const own = (event) => { if (JSON.parse(event.data).ticket === page.dataset.ticket) look(); };
  for (const kind of ["called", "serving", "done", "no_show", "left", "waiting", "parked", "transferred", "undone"]) {
    source.addEventListener(`ticket.${kind}`, own);
  }
  for (const kind of ["office.closing_early", "office.closing_as_usual", "reset"]) source.addEventListener(kind, look);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("online", look);
  plan();
}
if (status().dataset.state === "called") document.title = `${page.dataset.calledTitle} – ${title}`;
