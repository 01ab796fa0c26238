// Building the page's elements. Text only ever becomes text nodes: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** el("button", {class: "x", onclick: f, "aria-label": "y"}, ...children): null and false children are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

export function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

const PATHS = {
  close: "M5 5l10 10M15 5L5 15",
  thread: "M4 5h12v8H9l-3 3v-3H4z",
  bolt: "M11 2L4 11h5l-1 7 7-9h-5z",
  check: "M4 10l4 4 8-9",
  send: "M3 10l14-7-5 14-3-6z",
  trash: "M5 6h10M8 6V4h4v2M6 6l1 11h6l1-11",
  up: "M7 9v7H4V9zm0 0l3-6c1.5 0 2 1 2 2l-.5 3H16l-1.5 8H7",
  down: "M7 11V4H4v7zm0 0l3 6c1.5 0 2-1 2-2l-.5-3H16l-1.5-8H7",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  image: "M3 4h14v12H3zm0 9l4-4 4 4 2-2 4 4",
  alert: "M10 3l8 14H2zM10 8v4M10 14.5h.01",
  clock: "M10 3a7 7 0 110 14 7 7 0 010-14zM10 6v4l3 2",
  minus: "M5 10h10",
  right: "M7 4l6 6-6 6",
  repo: "M5 3h10v14H7a2 2 0 01-2-2zm0 11h10",
  pull: "M5 6v8M5 2.5a1.8 1.8 0 110 3.6 1.8 1.8 0 010-3.6zM5 14a1.8 1.8 0 110 3.6A1.8 1.8 0 015 14zM15 14V8c0-2-1-3-3-3h-2M12 2.5L9.5 5 12 7.5M15 14a1.8 1.8 0 110 3.6 1.8 1.8 0 010-3.6z",
  sync: "M4 9a6 6 0 0110.5-3L16 8M16 3.5V8h-4.5M16 11a6 6 0 01-10.5 3L4 12M4 16.5V12h4.5",
  cluster: "M10 2.5l6.5 3.75v7.5L10 17.5l-6.5-3.75v-7.5zM10 10v7.5M10 10l6.5-3.75M10 10L3.5 6.25",
  list: "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
  key: "M12.5 3a4.5 4.5 0 11-3 7.8L4 16.5H2.5v-3l5.6-5A4.5 4.5 0 0112.5 3zM13.5 6.5h.01",
  file: "M5 3h7l3 3v11H5zM12 3v4h3",
  menu: "M3 5h14M3 10h14M3 15h14",
  moon: "M16.5 12A7 7 0 018 3.5a7 7 0 108.5 8.5z",
  help: "M10 3a7 7 0 110 14 7 7 0 010-14zM8 8a2 2 0 113 1.7c-.7.4-1 .8-1 1.6M10 14h.01",
  pulse: "M2 11h4l2-6 4 11 2-5h4",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Only http(s) addresses become links; everything else stays text. */
export function link(url, ...children) {
  const safe = /^https?:\/\/[^\s]/i.test(url);
  if (!safe) return el("span", {}, children.length ? children : url);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children.length ? children : url);
}

/** Initials on a colour that the name chooses; the own app has its mark. */
export function avatar(name, isApp = false) {
  const letters = name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => word[0]).join("").toUpperCase();
  const sum = [...name].reduce((total, char) => total + char.charCodeAt(0), 0);
  const own = isApp && name === "CodeHealer";
  return el("span", { class: `avatar ${own ? "avatar-own" : `tone-${sum % 8}`}`, "aria-hidden": "true" },
    own ? icon("pulse") : letters || "?");
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
export function timeOf(ts) {
  const when = new Date(Number(ts) * 1000);
  return el("time", { class: "time", datetime: when.toISOString(), title: full.format(when) }, clock.format(when));
}

/** Keep Tab inside a dialog. */
export function trapFocus(event, root) {
  if (event.key !== "Tab") return;
  const all = [...root.querySelectorAll("a[href],button:not(:disabled),input:not(:disabled),textarea,select,[tabindex='0']")]
    .filter((node) => node.offsetParent !== null);
  if (!all.length) return;
  const [first, last] = [all[0], all[all.length - 1]];
  if (event.shiftKey && document.activeElement === first) {
    last.focus();
    event.preventDefault();
  } else if (!event.shiftKey && document.activeElement === last) {
    first.focus();
    event.preventDefault();
  }
}
