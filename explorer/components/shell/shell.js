// What belongs to the window and not to a page: its address to copy, its history, and presentation mode.
import { mounting } from "../base/mount.js";
import { oneEntryPerPage } from "./history.js";

const SAID_MS = 2000;
const PRESENTING = "presenting";

// Without the sidebar there is no button of ours left, and a finger has no Escape key.
function wayOut() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "leave-presentation";
  button.textContent = "End";
  button.onclick = () => present(false);
  return button;
}

function present(on) {
  document.body.classList.toggle(PRESENTING, on);
  document.querySelector(".leave-presentation")?.remove();
  if (on) document.body.append(wayOut());
  // Canvases measure themselves when the window changes.
  window.dispatchEvent(new Event("resize"));
}

function isTyping(target) {
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

function create(host) {
  const said = host.querySelector(".said");
  let timer = 0;

  function say(text) {
    clearTimeout(timer);
    said.textContent = text;
    timer = setTimeout(() => (said.textContent = ""), SAID_MS);
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      say("Copied");
    } catch {
      say("The browser does not allow it: copy the address itself");
    }
  }

  function key(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain || isTyping(event.composedPath()[0])) return;
    if (event.key === "p" || event.key === "P") present(!document.body.classList.contains(PRESENTING));
    else if (event.key === "Escape" && document.body.classList.contains(PRESENTING)) present(false);
  }

  host.querySelector(".link").addEventListener("click", copy);
  host.querySelector(".present").addEventListener("click", () => present(true));
  document.addEventListener("keydown", key);
  return {
    // Streamlit leaves the first address as it was opened, and to come back to it is to come back to a view.
    update(query) {
      if (!location.search) history.replaceState(history.state, "", `?${new TextDecoder().decode(query)}${location.hash}`);
    },
    destroy() {
      document.removeEventListener("keydown", key);
      clearTimeout(timer);
      present(false);
    },
  };
}

oneEntryPerPage();

const mounted = mounting(create);

export default function mount(call) {
  return mounted(call);
}
