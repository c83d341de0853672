// Large buttons for moving through a long list, for those who do not know that the screen can be dragged.

/** Shows the buttons while there is something to scroll. */
export function scrollButtons(buttons) {
  const list = document.querySelector("main");
  const update = () => {
    buttons.hidden = list.scrollHeight <= list.clientHeight + 1;
    for (const button of buttons.querySelectorAll("[data-scroll-by]")) {
      const atEnd = button.dataset.scrollBy < 0
        ? list.scrollTop <= 0
        : list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
      // Not `disabled`: a button that had the focus would lose it.
      button.setAttribute("aria-disabled", String(atEnd));
    }
  };
  buttons.addEventListener("click", (event) => {
    const button = event.target.closest("[data-scroll-by]");
    if (button) list.scrollBy({ top: Number(button.dataset.scrollBy) * list.clientHeight * 0.8 });
  });
  list.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(list);
  update();
}
