// How the waiting-room screen keeps up: follows the office's events, asks for the board, and says when it is not live.
//
// The board tells how things stand, the events what is new. While there are no events the board is asked instead, so
// that the screen is late at worst, and says so.

const ASK_WHEN_LIVE = 30_000; // ms
const ASK_WHEN_NOT = 4000; // ms
const FORGIVEN = 6000; // ms without connection before the screen says so: a restart takes no longer

// Anything that changes the board.
const CHANGES = ["ticket.issued", "ticket.serving", "ticket.done", "ticket.no_show", "ticket.left", "ticket.waiting",
  "ticket.parked", "ticket.transferred", "counter.opened", "counter.closed", "counter.paused",
  "office.closing_early", "office.closing_as_usual"];

let clockSkew = 0; // this device's clock may be wrong

export const serverTime = () => Date.now() + clockSkew;

export function follow(screen, { onCall, onUndone, onBoard, isIdle }) {
  const at = (name) => screen.querySelector(`[data-${name}]`);
  const told = JSON.parse(screen.dataset.told);
  const time = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: screen.dataset.timeZone,
  });
  let lastId = told.as_of;
  let boardAsOf = lastId;
  let heardAt = Date.now();
  let source = null;
  let asking = null;
  let soon = null;
  let notLiveSince = null;

  const isLive = () => source?.readyState === EventSource.OPEN;

  function note(event) {
    lastId = Math.max(lastId, Number(event.lastEventId));
    heardAt = Date.now();
  }

  function connect() {
    source?.close();
    source = new EventSource(`${screen.dataset.live}?after=${lastId}`);
    source.onopen = () => { heardAt = Date.now(); showState(); };
    source.onerror = () => {
      showState();
      ask();
      // After a refusal the browser gives up; a server that is full or restarting will be back.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000 + Math.random() * 4000);
    };
    source.addEventListener("ticket.called", (event) => { note(event); onCall(JSON.parse(event.data)); });
    source.addEventListener("ticket.undone", (event) => { note(event); onUndone(JSON.parse(event.data)); askSoon(); });
    for (const kind of CHANGES) source.addEventListener(kind, (event) => { note(event); askSoon(); });
    source.addEventListener("reset", () => location.reload());
  }

  function askSoon() {
    soon ??= setTimeout(() => { soon = null; ask(); }, 800 + Math.random() * 1200);
  }

  async function ask() {
    if (asking) return;
    asking = new AbortController();
    const patience = setTimeout(() => asking?.abort(), 8000);
    try {
      const answer = await fetch(screen.dataset.board, { signal: asking.signal, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
    } catch {
      // showState() says how long it has been.
    } finally {
      clearTimeout(patience);
      asking = null;
      showState();
    }
  }

  function take(board) {
    heardAt = Date.now();
    clockSkew = Date.parse(board.now) - heardAt;
    onBoard(board, board.as_of >= lastId);
    // New scripts, other slides: nobody walks up to a screen to reload it.
    if (board.version !== told.version && isIdle()) setTimeout(() => location.reload(), Math.random() * 3000);
    // A connection that looks open but brings nothing is worse than none.
    if (isLive() && boardAsOf > lastId && board.as_of > lastId) { lastId = board.as_of; connect(); }
    boardAsOf = board.as_of;
  }

  function showState() {
    const place = at("state");
    const silent = Date.now() - heardAt;
    notLiveSince = isLive() ? null : notLiveSince ?? Date.now();
    let state = "live";
    if (silent > 2 * ASK_WHEN_LIVE || (!isLive() && silent > 3 * ASK_WHEN_NOT)) state = "off";
    else if (notLiveSince && Date.now() - notLiveSince > FORGIVEN) state = "slow";
    const text = place.dataset[`${state}Text`].replace("{time}", time.format(heardAt + clockSkew));
    if (place.textContent !== text) place.textContent = text;
    for (const each of ["live", "slow", "off"]) place.classList.toggle(`screen__state--${each}`, each === state);
  }

  function tick() {
    at("clock").textContent = time.format(serverTime());
    showState();
  }

  // After a restart without network the page comes from this device's own store and may be hours old.
  const mayBeOld = performance.getEntriesByType("navigation")[0]?.workerStart > 0;
  if (mayBeOld) heardAt = Math.min(heardAt, Date.parse(told.now));
  else clockSkew = Date.parse(told.now) - Date.now();
  onBoard(told, true, true);
  if (mayBeOld) ask();
  connect();
  tick();
  setInterval(tick, 1000);
  addEventListener("online", () => { ask(); if (!isLive()) connect(); });
  (function askAgain() {
    setTimeout(async () => { await ask(); askAgain(); }, isLive() ? ASK_WHEN_LIVE : ASK_WHEN_NOT);
  })();
}
