// The large keys below the code field, and a scanner that types without anybody having tapped the field.

/** Shows the keypad and lets its keys write into the field marked as its target. */
export function keypad(pad) {
  const field = document.querySelector("[data-keypad-target]");
  pad.hidden = false;
  // The device's own on-screen keyboard would cover ours. On a phone ours is not shown.
  if (getComputedStyle(pad).display !== "none") field.inputMode = "none";
  field.setSelectionRange(field.value.length, field.value.length);
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    const start = field.selectionStart;
    const end = field.selectionEnd;
    if (key.dataset.key) {
      if (field.value.length - (end - start) >= field.maxLength) return;
      field.setRangeText(key.dataset.key, start, end, "end");
    } else {
      field.setRangeText("", start === end ? Math.max(start - 1, 0) : start, end, "end");
    }
  });
  document.addEventListener("keydown", (event) => {
    const types = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (types && document.activeElement !== field) field.focus();
  });
}
