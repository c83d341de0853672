// Information slides: one after the other, each for its time, while nobody is called.

export function rotate(slides) {
  let place = 0;
  let turn = null;

  function next() {
    slides.forEach((slide, number) => { slide.hidden = number !== place; });
    turn = setTimeout(() => { place = (place + 1) % slides.length; next(); }, Number(slides[place].dataset.slide) * 1000);
  }

  return {
    any: slides.length > 0,
    show(isWanted) {
      if (isWanted === (turn !== null) || !slides.length) return;
      if (isWanted) return next();
      clearTimeout(turn);
      turn = null;
      slides.forEach((slide) => { slide.hidden = true; });
    },
  };
}
