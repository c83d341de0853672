// A leaflet's link may carry the number behind the #, which browsers never send. It goes into the field and out of the
// address, so that it stands in no history.

const number = document.querySelector("[data-card-number]");
const given = decodeURIComponent(location.hash.slice(1));

if (number && /^[\w.\- ]{4,40}$/.test(given)) {
  number.value = given;
  history.replaceState(null, "", location.pathname);
  document.querySelector("#born-day")?.focus();
}
