// Files on their way to Python, as text that a message can hold.

const MOST_BYTES = 32 * 2 ** 20;

// { name, content (base64) } of a picture's bytes. Throws where it is too large.
export async function packed(blob, name) {
  if (blob.size > MOST_BYTES) throw new Error(`The picture has ${Math.round(blob.size / 2 ** 20)} MB; at most 32 MB are taken.`);
  const address = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
  return { name, content: address.slice(address.indexOf(",") + 1) };
}

// Calls take(blob) for each picture that is pasted anywhere on the page. Returns what ends it.
export function onPaste(take) {
  const listener = (event) => {
    for (const item of event.clipboardData?.items ?? []) {
      if (item.kind === "file" && item.type.startsWith("image/")) {
        event.preventDefault();
        take(item.getAsFile());
      }
    }
  };
  document.addEventListener("paste", listener);
  return () => document.removeEventListener("paste", listener);
}
