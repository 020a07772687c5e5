// Sends images to Python, as text that a message can hold.

const MAX_BYTES = 32 * 2 ** 20;

// Returns { name, content (base64) } of an image's bytes. Throws an error if it is too large.
/**
 * @param {Blob} blob
 * @param {string} name
 */
export async function encodeImage(blob, name) {
  if (blob.size > MAX_BYTES) throw new Error(`The picture has ${Math.round(blob.size / 2 ** 20)} MB; the limit is 32 MB.`);
  const address = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
  return { name, content: address.slice(address.indexOf(",") + 1) };
}

// Calls receive(blob) for each image that is pasted anywhere on the page. Returns a function that stops it.
/** @param {(blob: Blob) => void} receive */
export function onPaste(receive) {
  /** @param {ClipboardEvent} event */
  const listener = (event) => {
    for (const item of event.clipboardData?.items ?? []) {
      const file = item.type.startsWith("image/") ? item.getAsFile() : null;
      if (file) {
        event.preventDefault();
        receive(file);
      }
    }
  };
  document.addEventListener("paste", listener);
  return () => document.removeEventListener("paste", listener);
}
