// The waiting-room screen: announces one call after the other, so that none is lost when several counters call at once.
//
// screen-link.js says how things stand, screen-sound.js sounds the gong and speaks, screen-slides.js fills quiet moments.
// What has been announced is remembered, so that a screen which restarts announces the rest and nothing twice.

import { follow, serverTime } from "./screen-link.js";
import { rotate } from "./screen-slides.js";
import { makeSound, wordsFor } from "./screen-sound.js";

const ANNOUNCE_FOR = 7000; // ms that a call has the screen for itself …
const HURRY = 3500; // … and when others are waiting for it; never less than its words take
const REST = 8000; // ms after the last announcement, then slides may be shown
const TOO_OLD = 120_000; // ms: a call that the screen learns of so late is shown, but not announced
const FIRST_NEWS = 30_000; // ms: the same for a screen that has announced nothing yet, and cannot know what others have

const screen = document.querySelector("[data-screen]");
const at = (name) => screen.querySelector(`[data-${name}]`);
const SHOWN = 5; // calls beside the current one, as far as there is room for whole ones
const rooms = JSON.parse(screen.dataset.rooms);
const kept = `announced ${location.pathname}${location.search}`;
const speech = JSON.parse(screen.dataset.speech);
const sound = makeSound(at("sound"), speech);
const slides = rotate([...screen.querySelectorAll("[data-slide]")]);

// Calls, newest first: {ticket, counter, room, language, call, at}. `at` in ms; a ticket and its moment name a call.
let calls = [];
const announced = recallAnnounced();
const known = new Set(announced);
const queue = [];
let announcing = null;
let lastAnnounced = 0;
let isBusy = false;

function tidy(call) {
  return { ...call, at: Date.parse(call.at) };
}

function nameOf(call) {
  return `${call.ticket} ${call.at}`;
}

function recallAnnounced() {
  try {
    return JSON.parse(localStorage.getItem(kept)) ?? [];
  } catch {
    return [];
  }
}

function rememberAnnounced(call) {
  announced.push(nameOf(call));
  announced.splice(0, announced.length - 500);
  try {
    localStorage.setItem(kept, JSON.stringify(announced));
  } catch {
    // Without storage a restart announces the last half minute once more.
  }
}

/** Takes a call in if it is new: to the list at once, to the announcements in its turn. */
function hear(call, oldest = TOO_OLD) {
  if (known.has(nameOf(call))) return;
  known.add(nameOf(call));
  if (known.size > 5000) known.delete(known.values().next().value);
  if (serverTime() - call.at < oldest) queue.push(call);
}

function onCall(data) {
  if (rooms.length && !rooms.includes(data.room)) return;
  const call = tidy(data);
  hear(call);
  calls = [call, ...calls.filter((each) => each.ticket !== call.ticket)].sort((a, b) => b.at - a.at);
  takeTurns();
  draw();
}

/** Somebody pressed the wrong button: the number was never meant. */
function onUndone({ ticket }) {
  takeBack((call) => call.ticket === ticket);
  calls = calls.filter((call) => call.ticket !== ticket);
  draw();
}

function takeBack(isMeant) {
  for (let place = queue.length - 1; place >= 0; place -= 1) if (isMeant(queue[place])) queue.splice(place, 1);
  if (announcing && isMeant(announcing)) {
    announcing = null;
    sound.stop();
  }
}

/** How things stand. `isNewest`: nothing has been heard since, so that what it does not have any more is gone. */
function onBoard(board, isNewest, isFirst = false) {
  const standing = board.calls.map(tidy);
  [...standing].reverse().forEach((call) => hear(call, isFirst && !announced.length ? FIRST_NEWS : TOO_OLD));
  if (isNewest) {
    const numbers = new Set(standing.map((call) => call.ticket));
    const since = board.are_all ? 0 : standing.at(-1).at; // of earlier calls it says nothing
    takeBack((call) => call.at >= since && !numbers.has(call.ticket));
    calls = standing;
  }
  put(at("waiting"), String(board.waiting));
  at("pausing").hidden = board.pausing.length === 0;
  put(at("pausing-names"), board.pausing.join(", "));
  at("closing").hidden = !board.closes;
  for (const each of at("closing").querySelectorAll("[data-sentence]")) {
    put(each, each.dataset.sentence.replace("{time}", board.closes ?? ""));
  }
  takeTurns();
  draw();
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Gives the screen to one call after the other; the time of each is shorter while others wait. */
async function takeTurns() {
  if (isBusy) return;
  isBusy = true;
  while (queue.length) {
    const call = queue.shift();
    announcing = call;
    draw();
    readOut(call);
    const began = Date.now();
    await sound.announce(call);
    while (announcing === call && Date.now() - began < (queue.length ? HURRY : ANNOUNCE_FOR)) await pause(100);
    rememberAnnounced(call); // not before: one that a restart has cut short is announced again
    lastAnnounced = Date.now();
  }
  announcing = null;
  isBusy = false;
  draw();
}

/** For screen readers: set anew for each call, so that one that is repeated is read again. */
function readOut(call) {
  const code = speech.sentences[document.documentElement.lang] ? document.documentElement.lang : speech.first;
  at("said").lang = code;
  at("said").textContent = wordsFor(speech.sentences[code], call);
}

function draw() {
  const isQuiet = !announcing && Date.now() - lastAnnounced > REST;
  const current = announcing ?? (slides.any && isQuiet ? null : calls[0]) ?? null;
  at("current").hidden = !current;
  at("empty").hidden = Boolean(current) || slides.any;
  slides.show(!current);
  at("current").classList.toggle("call--new", Boolean(announcing));
  const others = calls.filter((each) => each.ticket !== current?.ticket).slice(0, SHOWN);
  at("recent").hidden = others.length === 0;
  at("rows").replaceChildren(...others.map(row));
  showWholeRows();
  if (!current) return;
  put(at("ticket"), current.ticket);
  put(at("counter"), current.counter);
  if (at("room")) put(at("room"), current.room);
  at("counter").classList.toggle("call__counter--long", current.counter.length > 3);
}

function showWholeRows() {
  const rows = at("rows");
  const bottom = (element) => element.getBoundingClientRect().bottom;
  const end = bottom(at("recent")) + 1;
  while (rows.childElementCount > 1 && bottom(rows.lastElementChild) > end) rows.lastElementChild.remove();
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
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
  if (at("room") && call.room) {
    const room = document.createElement("span");
    room.className = "recent__room";
    room.textContent = call.room;
    counter.append(room);
  }
  line.append(ticket, counter);
  line.classList.toggle("recent__row--new", queue.includes(call));
  return line;
}

/** What a restart without network shows. The first page was loaded before there was a worker to keep it. */
async function keepForRestarts(workers) {
  if (!workers) return;
  const wasThere = workers.controller;
  await workers.register(screen.dataset.worker).catch(() => {});
  if (wasThere) return;
  const { active } = await workers.ready;
  const loaded = performance.getEntriesByType("resource").filter((each) => ["link", "script", "css", "img"].includes(each.initiatorType));
  const parts = [...new Set(loaded.map((each) => each.name))].filter((each) => each.startsWith(`${location.origin}/`));
  active.postMessage({ page: location.href, parts });
}

follow(screen, { onCall, onUndone, onBoard, isIdle: () => !announcing && !queue.length });
setInterval(() => { if (slides.any && !announcing) draw(); }, 1000);
keepForRestarts(navigator.serviceWorker); // only over HTTPS, or on the machine itself
