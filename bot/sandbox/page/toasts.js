import { el, icon } from "./dom.js";

const SECONDS = 7;

/** Say something in the corner; errors stay until they are closed or time is up. */
export function toast(words, kind = "info") {
  const slot = document.getElementById("toasts");
  const node = el("div", { class: `toast toast-${kind}`, "data-testid": `toast-${kind}` }, el("span", {}, words),
    el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => node.remove() }, icon("close")));
  slot.append(node);
  while (slot.children.length > 4) slot.firstChild.remove();
  setTimeout(() => node.remove(), SECONDS * 1000);
}
