// The gong and the voice of the waiting-room screen. Both are made on the device: no file, no cloud.

const LONGEST = 12_000; // ms: some browsers never say that a sentence is over
const GONG = 1300; // ms until words can be understood over it

/** A sentence about a call; its number letter by letter, so that A017 cannot be heard as "A seventy". */
export function wordsFor(sentence, { ticket, counter }) {
  return sentence.replace("{ticket}", [...ticket].join(" ")).replace("{counter}", counter);
}

/** `speech`: {first: "de", sentences: {de: "Nummer {ticket}, …", …}}. `button` asks for a touch where that is needed. */
export function makeSound(button, speech) {
  const audio = globalThis.AudioContext ? new AudioContext() : null;
  const voices = globalThis.speechSynthesis ?? null;
  let silence = () => {};

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
    stroke(659.25, audio.currentTime);
    stroke(523.25, audio.currentTime + 0.45);
  }

  /** A voice of this device itself: what others speak would leave the house. */
  function voiceFor(language) {
    const speaks = (voice) => voice.lang.toLowerCase().split(/[-_]/)[0] === language;
    return voices?.getVoices().find((voice) => voice.localService && speaks(voice)) ?? null;
  }

  function sentencesFor(call) {
    const language = (call.language ?? "").toLowerCase().split("-")[0];
    return [...new Set([speech.first, language])]
      .filter((code) => speech.sentences[code] && voiceFor(code))
      .map((code) => {
        const utterance = new SpeechSynthesisUtterance(wordsFor(speech.sentences[code], call));
        utterance.voice = voiceFor(code);
        utterance.lang = utterance.voice.lang;
        utterance.rate = 0.9;
        return utterance;
      });
  }

  function say(utterance) {
    return new Promise((done) => {
      utterance.onend = utterance.onerror = done;
      voices.speak(utterance);
    });
  }

  async function perform(call) {
    const isHeard = audio?.state === "running";
    if (isHeard) gong();
    const sentences = sentencesFor(call);
    if (isHeard && sentences.length) await new Promise((done) => { setTimeout(done, GONG); });
    for (const sentence of sentences) await say(sentence);
  }

  const show = () => { button.hidden = !audio || audio.state === "running"; };
  audio?.addEventListener("statechange", show);
  button.addEventListener("click", async () => { await audio.resume(); gong(); });
  setTimeout(show, 500); // where sound is allowed from the start it takes a moment to begin

  return {
    /** Sounds the gong and says the number in German and in the visitor's language; resolves when that is over. */
    async announce(call) {
      const stopped = new Promise((done) => { silence = done; });
      const tooLong = new Promise((done) => { setTimeout(done, LONGEST); });
      await Promise.race([perform(call), stopped, tooLong]);
      voices?.cancel();
    },
    stop: () => { voices?.cancel(); silence(); },
  };
}
