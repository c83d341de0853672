// Large buttons for moving through what is longer than the screen, for those who do not know that it can be dragged.

/** Shows the buttons while there is something to scroll. */
export function scrollButtons(buttons) {
  const places = [...document.querySelectorAll(".kiosk-controls, .kiosk-info, .kiosk-main")];
  const scrolls = (place) => getComputedStyle(place).overflowY === "auto" && place.scrollHeight > place.clientHeight + 1;
  const update = () => {
    // They take room themselves: whether all fits without them is what counts.
    buttons.hidden = true;
    const long = places.filter(scrolls);
    buttons.hidden = long.length === 0;
    // With the focus on it, the arrow keys move it too.
    for (const place of places) {
      if (long.includes(place)) place.tabIndex = 0;
      else place.removeAttribute("tabindex");
    }
    for (const button of buttons.querySelectorAll("[data-scroll-by]")) {
      const atEnd = long.every((place) => button.dataset.scrollBy < 0
        ? place.scrollTop <= 0
        : place.scrollTop + place.clientHeight >= place.scrollHeight - 1);
      // Not `disabled`: a button that had the focus would lose it.
      button.setAttribute("aria-disabled", String(atEnd));
    }
  };
  buttons.addEventListener("click", (event) => {
    const button = event.target.closest("[data-scroll-by]");
    if (!button) return;
    for (const place of places.filter(scrolls)) {
      place.scrollBy({ top: Number(button.dataset.scrollBy) * place.clientHeight * 0.8 });
    }
  });
  const sizes = new ResizeObserver(update);
  for (const place of places) {
    place.addEventListener("scroll", update, { passive: true });
    sizes.observe(place);
  }
  document.addEventListener("display", () => requestAnimationFrame(update));
  update();
}
