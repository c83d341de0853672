// Keeps the team view up to date. Without it everything works too, by reloading.

import { fetchPart, follow, renew, seldom, showState } from "./desk-live.js";

const AT_MOST_EVERY = 1000; // ms between two looks, however much happens

const team = document.querySelector("[data-team]");
const place = team.querySelector("[data-live-part]");

async function refresh() {
  const part = await fetchPart(team.dataset.part, "[data-part-of-team]");
  if (part) renew(place, part);
}

follow(team.dataset.live, seldom(refresh, AT_MOST_EVERY), (isLive) => showState(team.querySelector("[data-live-state]"), isLive));
setInterval(refresh, 30_000); // the minutes of waiting pass without events
