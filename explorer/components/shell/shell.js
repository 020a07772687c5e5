// Actions of the window rather than of a page: copying its address, its history, and presentation mode.
import { componentMount } from "../base/component_mount.js";
import { oneEntryPerPage } from "./history.js";

const STATUS_MS = 2000;
const PRESENTING = "presenting";

// Presentation mode hides the sidebar with its button, and touch screens have no Escape key.
function endButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "leave-presentation";
  button.textContent = "End";
  button.onclick = () => present(false);
  return button;
}

/** @param {boolean} on */
function present(on) {
  document.body.classList.toggle(PRESENTING, on);
  document.querySelector(".leave-presentation")?.remove();
  if (on) document.body.append(endButton());
  // Canvases measure their size again on a resize event.
  window.dispatchEvent(new Event("resize"));
}

/** @param {any} target */
function isTyping(target) {
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** @param {any} host */
function create(host) {
  const status = host.querySelector(".status");
  let timer = 0;

  /** @param {string} text */
  function showStatus(text) {
    clearTimeout(timer);
    status.textContent = text;
    timer = setTimeout(() => (status.textContent = ""), STATUS_MS);
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      showStatus("Copied");
    } catch {
      showStatus("The browser does not allow this; copy the address from the address bar");
    }
  }

  /** @param {KeyboardEvent} event */
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
    // Streamlit leaves the first address unchanged. With a query, going back to it restores the view.
    /** @param {Uint8Array} query */
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

const mounted = componentMount(create);

/** @param {MountCall} call */
export default function mount(call) {
  return mounted(call);
}
