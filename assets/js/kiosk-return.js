// Brings an abandoned screen back to the start, so that nothing of one visitor is left for the next.

const ANNOUNCED = 15;

/**
 * `data-return` are the seconds without a touch until then, `data-return-announce` for how many of them the countdown
 * is shown. Every touch or key starts the time anew; "I need more time" gives three times as much.
 */
export function returnToStart(main) {
  const whole = Number(main.dataset.return);
  const announced = Number(main.dataset.returnAnnounce ?? ANNOUNCED);
  const notice = document.querySelector("[data-return-notice]");
  const seconds = notice.querySelector("[data-return-seconds]");
  let end = performance.now() + whole * 1000;

  const stay = (factor) => {
    end = performance.now() + whole * factor * 1000;
    tick();
  };
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      // replace(): the back button must not lead to this screen.
      location.replace("/");
      return;
    }
    notice.hidden = left > announced;
    seconds.textContent = String(left);
  };
  const timer = setInterval(tick, 500);

  notice.querySelector("[data-return-stay]").addEventListener("click", (event) => {
    event.stopPropagation();
    stay(3);
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, (event) => {
      // A touch never shortens the time that was asked for.
      if (end < performance.now() + whole * 1000 && !notice.contains(event.target)) stay(1);
    }, { passive: true });
  }
  tick();
}
