// Tries numbers until the key that is derived from one begins as the challenge says (ALTCHA version 2, PBKDF2).

const AT_ONCE = 8; // derivations on their way at the same time, which keeps the browser's own threads busy

function bytes(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function derive(parameters, nonce, salt, counter) {
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const rules = { name: "PBKDF2", hash: "SHA-256", salt, iterations: parameters.cost };
  return hex(await crypto.subtle.deriveBits(rules, key, parameters.keyLength * 8));
}

addEventListener("message", async ({ data: { parameters, start, step } }) => {
  const nonce = bytes(parameters.nonce);
  const salt = bytes(parameters.salt);
  for (let first = start; ; first += step * AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, number) => first + number * step);
    const keys = await Promise.all(counters.map((counter) => derive(parameters, nonce, salt, counter)));
    const found = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (found >= 0) {
      postMessage({ counter: counters[found], derivedKey: keys[found] });
      return;
    }
  }
});
