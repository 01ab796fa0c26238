import { el, icon } from "./dom.js";

const SECONDS = { info: 3, error: 8 };
const SHOWN = 3;

/** Say something in the corner; errors stay until they are closed or time is up. */
export function toast(words, kind = "info") {
  const slot = document.getElementById("toasts");
  const node = el("div", { class: `toast toast-${kind}`, "data-testid": `toast-${kind}` }, el("span", {}, words),
    el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => node.remove() }, icon("close")));
  slot.append(node);
  while (slot.children.length > SHOWN) slot.firstChild.remove();
  setTimeout(() => node.remove(), SECONDS[kind] * 1000);
}
