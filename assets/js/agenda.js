// Makes the agenda a little quicker. Every page works without it.

/**
 * A list grows shorter while somebody types. Where no row fits letter by letter it stays whole: names are written in
 * many ways, and "Find" looks by sound and on other days.
 */
function filterWhileTyping() {
  const field = document.querySelector("[data-filter]");
  const rows = [...document.querySelectorAll("[data-filtered] tbody tr")];
  const nothing = document.querySelector("[data-no-match]");
  if (!field || rows.length === 0) return;
  const texts = rows.map((row) => plain(row.textContent));
  field.addEventListener("input", () => {
    const words = plain(field.value).split(" ").filter(Boolean);
    const fits = texts.map((text) => words.every((word) => text.includes(word)));
    const some = fits.includes(true);
    rows.forEach((row, i) => { row.hidden = some && !fits[i]; });
    if (nothing) nothing.hidden = some;
  });
}

/** Letters without accents and capitals; a code may be typed without its hyphen. */
function plain(text) {
  return text.normalize("NFKD").replace(/[\p{M}\-\u2010-\u2015]/gu, "").toLowerCase().replace(/\s+/g, " ");
}

/** Choosing a day in the calendar goes there at once; typing one waits for Enter. */
function jump() {
  document.querySelectorAll("[data-jump]").forEach((form) => {
    let typing = false;
    form.addEventListener("keydown", () => { typing = true; });
    form.addEventListener("pointerdown", () => { typing = false; });
    form.addEventListener("change", () => { if (!typing && form.reportValidity()) form.requestSubmit(); });
  });
}

function print() {
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
    if (button.autofocus) button.focus();
  });
}

filterWhileTyping();
jump();
print();
