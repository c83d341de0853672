// Reads the code of an appointment with the device's camera. No picture is kept, none leaves the device.

import { CODE } from "./kiosk-scan.js";

const EVERY = 200;

/** Shows the button where there is a camera. */
export async function camera(box) {
  const button = document.querySelector("[data-camera-start]");
  const cameras = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
  if (!cameras.some((device) => device.kind === "videoinput")) return;
  box.hidden = false;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.hidden = true;
    try {
      await look(box);
    } catch {
      box.querySelector("[data-camera-failed]").hidden = false;
    }
  });
}

async function look(box) {
  const picture = box.querySelector("[data-camera-picture]");
  const read = await reader(box.dataset.camera);
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  window.addEventListener("pagehide", stop);
  picture.srcObject = stream;
  picture.hidden = false;
  await picture.play();
  const once = async () => {
    const text = await read(picture);
    if (!text || !CODE.test(text.trim())) {
      setTimeout(once, EVERY);
      return;
    }
    stop();
    const field = document.querySelector("[data-keypad-target]");
    field.value = text.trim();
    field.form.requestSubmit();
  };
  await once();
}

/** A function from a picture to the text of the QR code in it: the browser's own, or else a library. */
async function reader(library) {
  const formats = await window.BarcodeDetector?.getSupportedFormats?.().catch(() => []) ?? [];
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (picture) => (await detector.detect(picture).catch(() => []))[0]?.rawValue;
  }
  await import(library);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (picture) => {
    canvas.width = picture.videoWidth;
    canvas.height = picture.videoHeight;
    if (!canvas.width) return null;
    pen.drawImage(picture, 0, 0);
    const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return self.jsQR(data, width, height)?.data;
  };
}
