// The large keys for code, date and time, and a scanner that types without anybody having tapped the field.

/** Shows the keypad and lets its keys write into the field that was used last. */
export function keypad(pad) {
  const fields = [...document.querySelectorAll("[data-keypad-target]")];
  let field = fields.find((each) => each === document.activeElement) ?? fields[0];
  pad.hidden = false;
  const isShown = getComputedStyle(pad).display !== "none";
  for (const each of fields) {
    // The device's own on-screen keyboard would cover ours. On a phone ours is not shown.
    if (isShown) each.inputMode = "none";
    each.addEventListener("focus", () => {
      field = each;
      letters();
    });
    each.addEventListener("input", () => goOn(each));
  }
  // A field for digits takes no letters.
  const letters = () => {
    for (const key of pad.querySelectorAll("[data-key-types]")) {
      key.disabled = Boolean(field.dataset.digits) && !/^\d$/.test(key.dataset.keyTypes);
    }
  };
  letters();
  field.setSelectionRange(field.value.length, field.value.length);

  // A field for so many digits that is full leads to the next one.
  const goOn = (each) => {
    const next = fields[fields.indexOf(each) + 1];
    const isFull = each.dataset.digits && each.value.replace(/\D/g, "").length >= Number(each.dataset.digits);
    if (next && isFull && each.selectionStart === each.value.length) next.focus();
  };

  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    const start = field.selectionStart;
    const end = field.selectionEnd;
    if (key.dataset.keyTypes) {
      const most = Number(field.dataset.digits ?? field.maxLength);
      if (field.value.length - (end - start) >= most) return;
      field.setRangeText(key.dataset.keyTypes, start, end, "end");
      goOn(field);
    } else {
      const before = fields[fields.indexOf(field) - 1];
      if (before && field.value === "") before.focus();
      else field.setRangeText("", start === end ? Math.max(start - 1, 0) : start, end, "end");
    }
  });
  document.addEventListener("keydown", (event) => {
    const types = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (types && !event.defaultPrevented && !fields.includes(document.activeElement)) field.focus();
  });
}
