// A menu under a button: arrow keys, Home and End, Esc, focus goes back to the button.

import { el } from "./dom.js";

let open = null;

/** items: {title, detail?, picture?, checked?, testid?, note?, under?, run()}, or {group: words} for a title between them. */
export function openMenu(button, label, items) {
  if (open) {
    const same = open.button === button;
    closeMenu();
    if (same) return;
  }
  const radio = items.some((item) => item.checked !== undefined);
  const list = el("div", { class: "menu", role: "menu", "aria-label": label, onkeydown: keys },
    items.map((item) => (item.group ? el("p", { class: "menu-group", role: "presentation" }, item.group) : el("button", {
      type: "button", class: `menu-item ${item.under ? "menu-under" : ""}`, role: radio ? "menuitemradio" : "menuitem",
      "aria-checked": radio ? String(Boolean(item.checked)) : null, "data-testid": item.testid, tabindex: "-1",
      onclick: () => { closeMenu(); item.run(); },
    }, item.picture, el("span", { class: "menu-words" }, el("strong", {}, item.title), item.note && el("em", { class: "menu-note" }, item.note), item.detail && el("span", {}, item.detail))))),
    !items.length && el("p", { class: "menu-empty" }, "Nothing here yet."));
  document.getElementById("overlay").append(list);
  place(list, button);
  button.setAttribute("aria-expanded", "true");
  open = { list, button };
  (list.querySelector("[aria-checked=true]") ?? list.querySelector("button"))?.focus();
  setTimeout(() => document.addEventListener("pointerdown", outside));
}

export function closeMenu() {
  if (!open) return false;
  document.removeEventListener("pointerdown", outside);
  open.list.remove();
  open.button.setAttribute("aria-expanded", "false");
  if (open.button.isConnected) open.button.focus();
  open = null;
  return true;
}

function outside(event) {
  if (open && !open.list.contains(event.target) && !open.button.contains(event.target)) closeMenu();
}

function place(list, button) {
  const box = button.getBoundingClientRect();
  const above = box.top > window.innerHeight / 2;
  list.style.setProperty(above ? "bottom" : "top", `${above ? window.innerHeight - box.top + 6 : box.bottom + 6}px`);
  if (box.left > window.innerWidth / 2) list.style.setProperty("right", `${Math.max(8, window.innerWidth - box.right)}px`);
  else list.style.setProperty("left", `${Math.max(8, box.left)}px`);
}

function keys(event) {
  const all = [...open.list.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined && all.length) {
    all[(to + all.length) % all.length].focus();
    event.preventDefault();
  } else if (event.key === "Tab") closeMenu();
}
