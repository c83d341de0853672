// Makes pages that work without scripts a little kinder. Nothing here is needed to book.

const BUSY_FOR = 10_000; // ms: after that a second press is no slip of the finger but a wish to try again
const ANNOUNCE_AT = [300, 120, 60, 30]; // seconds left: often enough to act in time, seldom enough not to nag

/** After a refused form a screen reader or keyboard starts at what went wrong. */
function focusErrorSummary() {
  document.getElementById("error-summary")?.focus();
}

/** A form that is on its way is not sent a second time by a double click. Buttons stay enabled: their value must travel too. */
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-repeat")) return;
    if (Date.now() - Number(form.dataset.sentAt ?? 0) < BUSY_FOR) {
      event.preventDefault();
      return;
    }
    form.dataset.sentAt = Date.now();
    form.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), BUSY_FOR);
  });
  // "Back" may bring a page from memory just as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));
}

function release(form) {
  delete form.dataset.sentAt;
  form.removeAttribute("aria-busy");
}

function inWords(seconds) {
  const [value, unit] = seconds >= 60 ? [Math.ceil(seconds / 60), "minute"] : [seconds, "second"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

function clockFace(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Counts down how long a time is kept: every second for the eye, at a few moments for the ear. */
function countDown(hold) {
  const expires = Date.parse(hold.dataset.expires);
  const behind = Date.parse(hold.dataset.now) - Date.now(); // this device's clock may be wrong
  const clock = hold.querySelector(".hold__clock");
  const text = hold.querySelector(".hold__text");
  const status = hold.querySelector("[role=status]");
  const secondsLeft = () => Math.max(0, Math.ceil((expires - Date.now() - behind) / 1000));
  let before = secondsLeft();

  function tick() {
    const left = secondsLeft();
    clock.hidden = left === 0;
    clock.textContent = clockFace(left);
    hold.classList.toggle("hold--ending", left <= 60);
    if (ANNOUNCE_AT.some((moment) => left <= moment && moment < before)) {
      status.textContent = hold.dataset.left.replace("{time}", inWords(left));
    }
    before = left;
    if (left === 0) {
      text.textContent = status.textContent = hold.dataset.over;
      clearInterval(timer);
    }
  }
  const timer = setInterval(tick, 1000);
  tick();
}

/** The unfolded list of languages closes on Escape and on a click elsewhere. */
function foldAway(details) {
  document.addEventListener("click", (event) => { if (!details.contains(event.target)) details.open = false; });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

focusErrorSummary();
sendOnce();
document.querySelectorAll("[data-hold]").forEach(countDown);
document.querySelectorAll(".languages__fold").forEach(foldAway);
