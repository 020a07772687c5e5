// Sends images to Python, as text that a message can hold.

const MAX_BYTES = 32 * 2 ** 20;

// Returns { name, content (base64) } of an image's bytes. Throws an error if it is too large.
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
export function onPaste(receive) {
  const listener = (event) => {
    for (const item of event.clipboardData?.items ?? []) {
      if (item.kind === "file" && item.type.startsWith("image/")) {
        event.preventDefault();
        receive(item.getAsFile());
      }
    }
  };
  document.addEventListener("paste", listener);
  return () => document.removeEventListener("paste", listener);
}
