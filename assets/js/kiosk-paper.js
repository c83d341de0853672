// Waits until the ticket is printed or is known not to be, and then shows which of the two.

const EVERY = 700;

/** The address to ask stands in data-paper. */
export function followPaper(line) {
  const ask = async () => {
    try {
      const answer = await fetch(line.dataset.paper, { cache: "no-store" });
      if (!(await answer.json()).prints) {
        location.reload();
        return;
      }
    } catch {
      // The program is being restarted.
    }
    setTimeout(ask, EVERY);
  };
  setTimeout(ask, EVERY);
}
