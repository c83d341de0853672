// Makes the waiting-room screen live: follows the office's events, announces one call after the other, sounds the gong.
//
// The board tells how things stand, the events what is new. While there are no events the board is asked instead, so
// that the screen is late at worst, and says so.

const ANNOUNCE_FOR = 7000; // ms that a call has the screen for itself …
const HURRY = 3500; // … and when others are waiting for it
const TOO_OLD = 120_000; // ms: a call that the screen learns of so late is shown, but not announced
const SHOWN = 6; // calls below the current one
const ASK_WHEN_LIVE = 30_000; // ms
const ASK_WHEN_NOT = 4000; // ms
const FORGIVEN = 6000; // ms without connection before the screen says so: a restart takes no longer

const screen = document.querySelector("[data-screen]");
const at = (name) => screen.querySelector(`[data-${name}]`);
const clockSkew = Date.parse(screen.dataset.now) - Date.now(); // this device's clock may be wrong
const serverTime = () => Date.now() + clockSkew;
const time = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "2-digit", minute: "2-digit", timeZone: screen.dataset.timeZone,
});

// Calls, newest first: {ticket, counter, call, at}. `at` in ms; a ticket and its moment name a call.
let calls = JSON.parse(screen.dataset.calls).map(tidy);
const known = new Set(calls.map(nameOf));
const queue = [];
let announcing = null;
let announcedAt = 0;
let nextTurn = null;
let lastId = Number(screen.dataset.asOf);
let heardAt = Date.now();
let boardAsOf = lastId;

function tidy(call) {
  return { ticket: call.ticket, counter: call.counter, call: call.call, at: Date.parse(call.at ?? call.called_at) };
}

function nameOf(call) {
  return `${call.ticket} ${call.at}`;
}

/** Takes in a call if it is new: to the list at once, to the announcements in its turn. */
function hear(call) {
  if (known.has(nameOf(call))) return;
  known.add(nameOf(call));
  if (known.size > 5000) known.delete(known.values().next().value);
  calls = [call, ...calls.filter((each) => each.ticket !== call.ticket)].sort((a, b) => b.at - a.at).slice(0, 20);
  if (serverTime() - call.at < TOO_OLD) queue.push(call);
  takeTurns();
  draw();
}

/** Gives the screen to the next call once the current one has had its time, which is shorter while others wait. */
function takeTurns() {
  clearTimeout(nextTurn);
  const left = announcing ? announcedAt + (queue.length ? HURRY : ANNOUNCE_FOR) - Date.now() : 0;
  if (left > 0) {
    nextTurn = setTimeout(takeTurns, left);
    return;
  }
  announcing = queue.shift() ?? null;
  if (announcing) {
    announcedAt = Date.now();
    gong();
    nextTurn = setTimeout(takeTurns, queue.length ? HURRY : ANNOUNCE_FOR);
  }
  draw();
}

function draw() {
  const current = announcing ?? calls[0];
  at("current").hidden = !current;
  at("empty").hidden = Boolean(current);
  at("current").classList.toggle("call--new", Boolean(announcing));
  if (!current) return;
  put(at("ticket"), current.ticket);
  put(at("counter"), current.counter);
  at("counter").classList.toggle("call__counter--long", current.counter.length > 3);
  const others = calls.filter((each) => each !== current).slice(0, SHOWN);
  at("recent").hidden = others.length === 0;
  at("rows").replaceChildren(...others.map(row));
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text; // a live region reads out whatever is set
}

function row(call) {
  const line = document.createElement("tr");
  const ticket = document.createElement("th");
  const counter = document.createElement("td");
  ticket.scope = "row";
  ticket.className = "recent__ticket";
  counter.className = "recent__counter";
  ticket.textContent = call.ticket;
  counter.textContent = call.counter;
  line.append(ticket, counter);
  line.classList.toggle("recent__row--new", queue.includes(call));
  return line;
}

/* The gong: two soft strokes, made here, so that there is no file to load. */

const audio = globalThis.AudioContext ? new AudioContext() : null;

function stroke(frequency, start) {
  for (const [multiple, loudness] of [[1, 0.5], [2, 0.16], [3, 0.06]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency * multiple;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(loudness, start + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 1.6 / multiple);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 1.7);
  }
}

function gong() {
  if (audio?.state !== "running") return;
  stroke(659.25, audio.currentTime);
  stroke(523.25, audio.currentTime + 0.45);
}

function offerSound() {
  const button = at("sound");
  const show = () => { button.hidden = !audio || audio.state === "running"; };
  audio?.addEventListener("statechange", show);
  button.addEventListener("click", async () => { await audio.resume(); gong(); });
  setTimeout(show, 500); // where sound is allowed from the start it takes a moment to begin
}

/* Following */

let source = null;

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
  source.addEventListener("ticket.called", (event) => { note(event); hear(tidy(JSON.parse(event.data))); });
  for (const kind of ["ticket.issued", "ticket.serving", "ticket.done", "ticket.no_show", "ticket.left"]) {
    source.addEventListener(kind, (event) => { note(event); askSoon(); });
  }
  source.addEventListener("reset", () => location.reload());
}

function note(event) {
  lastId = Math.max(lastId, Number(event.lastEventId));
  heardAt = Date.now();
}

const isLive = () => source?.readyState === EventSource.OPEN;

/* The board */

let soon = null;
let asking = null;

function askSoon() {
  soon ??= setTimeout(() => { soon = null; ask(); }, 1500 + Math.random() * 1500);
}

async function ask() {
  if (asking) return;
  asking = new AbortController();
  const patience = setTimeout(() => asking?.abort(), 8000);
  try {
    const answer = await fetch(screen.dataset.board, { signal: asking.signal, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const board = await answer.json();
    heardAt = Date.now();
    put(at("waiting"), String(board.waiting));
    board.calls.map(tidy).reverse().forEach(hear);
    // A connection that looks open but brings nothing is worse than none.
    if (isLive() && boardAsOf > lastId && board.as_of > lastId) { lastId = board.as_of; connect(); }
    boardAsOf = board.as_of;
  } catch {
    // showState() says how long it has been.
  } finally {
    clearTimeout(patience);
    asking = null;
    showState();
  }
}

let notLiveSince = null;

function showState() {
  const place = at("state");
  const silent = Date.now() - heardAt;
  notLiveSince = isLive() ? null : notLiveSince ?? Date.now();
  let state = "live";
  if (silent > 2 * ASK_WHEN_LIVE || (!isLive() && silent > 3 * ASK_WHEN_NOT)) state = "off";
  else if (notLiveSince && Date.now() - notLiveSince > FORGIVEN) state = "slow";
  const text = place.dataset[`${state}Text`].replace("{time}", time.format(heardAt + clockSkew));
  put(place, text);
  for (const each of ["live", "slow", "off"]) place.classList.toggle(`screen__state--${each}`, each === state);
}

function tick() {
  put(at("clock"), time.format(serverTime()));
  showState();
}

offerSound();
draw();
connect();
tick();
setInterval(tick, 1000);
(function askAgain() {
  setTimeout(async () => { await ask(); askAgain(); }, isLive() ? ASK_WHEN_LIVE : ASK_WHEN_NOT);
})();
