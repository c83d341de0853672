// Makes the agenda a little quicker. Every page works without it.

/** A list grows shorter while somebody types; what is not on it, "Find" looks for. */
function filterWhileTyping() {
  const field = document.querySelector("[data-filter]");
  const rows = [...document.querySelectorAll("[data-filtered] tbody tr")];
  const nothing = document.querySelector("[data-no-match]");
  if (!field || rows.length === 0) return;
  const texts = rows.map((row) => plain(row.textContent));
  field.addEventListener("input", () => {
    const words = plain(field.value).split(" ").filter(Boolean);
    rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); });
    if (nothing) nothing.hidden = rows.some((row) => !row.hidden);
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
