// Dialogs: the app's modals, confirm dialogs, the app log. Focus stays inside, Esc closes, focus goes back.

import { act } from "./actions.js";
import { post } from "./api.js";
import { renderBlocks, text } from "./blocks.js";
import { avatar, el, fill, icon, timeOf, trapFocus } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { names, store, topView } from "./store.js";
import { toast } from "./toasts.js";

const overlay = () => document.getElementById("overlay");
let shown = null; // {view id, values, node, back}

/** A dialog with its backdrop: Tab stays inside, Esc calls `onEscape`. */
export function frame(label, testid, onEscape, ...children) {
  const box = el("div", { class: "dialog", role: "dialog", "aria-modal": "true", "aria-label": label, "data-testid": testid, tabindex: "-1" }, children);
  return el("div", {
    class: "backdrop",
    onkeydown: (event) => {
      if (event.key === "Escape") { event.stopPropagation(); onEscape(); }
      trapFocus(event, box);
    },
  }, box);
}

/** Draw the topmost modal of the current person, or take it away. */
export function drawModal() {
  const view = topView();
  if (!view) return hideModal();
  const same = shown?.id === view.id;
  const values = same ? shown.values : new Map();
  const focused = same && shown.node.contains(document.activeElement)
    ? { action: document.activeElement.dataset.actionId, test: document.activeElement.dataset.testid } : null;
  const scroll = same ? shown.node.querySelector(".dialog-body").scrollTop : 0;
  const back = shown?.back ?? document.activeElement;
  shown?.node.remove();
  const node = modal(view, values);
  shown = { id: view.id, values, node, back };
  overlay().append(node);
  node.querySelector(".dialog-body").scrollTop = scroll;
  const target = (focused?.action && node.querySelector(`[data-action-id="${CSS.escape(focused.action)}"]`))
    || (focused?.test && node.querySelector(`[data-testid="${CSS.escape(focused.test)}"]`))
    || node.querySelector("[aria-invalid=true]") || node.querySelector(".dialog");
  target?.focus();
  document.getElementById("shell").inert = true;
  return node;
}

function hideModal() {
  if (!shown) return;
  shown.node.remove();
  document.getElementById("shell").inert = false;
  if (shown.back?.isConnected) shown.back.focus();
  shown = null;
}

function modal(view, values) {
  const where = {
    names, values, errors: view.errors,
    act: (element, block, value, node) => act(node, {
      view_id: view.id, action_id: element.action_id, block_id: block.block_id, value, values: Object.fromEntries(values),
    }, element.confirm),
  };
  const close = () => post("close_view", { user: store.me, view_id: view.id });
  const submit = async (event) => {
    event.preventDefault();
    const button = event.currentTarget.querySelector("[data-testid=modal-submit]");
    if (!button || button.classList.contains("busy")) return;
    button.classList.add("busy");
    button.setAttribute("aria-busy", "true");
    const answer = await post("submit", { user: store.me, view_id: view.id, values: Object.fromEntries(values) });
    button.classList.remove("busy");
    button.removeAttribute("aria-busy");
    if (!answer.ok) toast(answer.error, "error");
  };
  return frame(view.title.text, "modal", close, el("form", { class: "dialog-form", onsubmit: submit, novalidate: true },
    el("header", { class: "dialog-head" }, avatar("CodeHealer", true), el("h2", {}, text(view.title, names)),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: close }, icon("close"))),
    el("div", { class: "dialog-body", tabindex: "0" }, renderBlocks(view.blocks, where)),
    el("footer", { class: "dialog-foot" },
      el("button", { type: "button", class: "button", "data-testid": "modal-close", onclick: close }, view.close ? text(view.close, names) : "Close"),
      view.submit && el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, text(view.submit, names)))));
}

/** Ask as a confirm object says; resolves to true or false. */
export function confirmDialog(confirm, back) {
  return new Promise((resolve) => {
    const done = (yes) => { node.remove(); back?.focus(); resolve(yes); };
    const node = frame(confirm.title.text, "confirm", () => done(false),
      el("header", { class: "dialog-head" }, el("h2", {}, text(confirm.title, names))),
      el("div", { class: "dialog-body" }, text(confirm.text, names)),
      el("footer", { class: "dialog-foot" },
        el("button", { type: "button", class: "button", onclick: () => done(false) }, text(confirm.deny, names)),
        el("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`, "data-testid": "confirm-yes", onclick: () => done(true) }, text(confirm.confirm, names))));
    overlay().append(node);
    node.querySelector("[data-testid=confirm-yes]").focus();
  });
}

/** What Slack refused so far, newest first: for the developer of the app. */
export function openLog(back) {
  const close = () => { node.remove(); back.focus(); };
  const rows = [...store.notices].reverse();
  const node = frame("App log", "log", close,
    el("header", { class: "dialog-head" }, el("h2", {}, "What Slack refused, and what broke in the sandbox"),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: close }, icon("close"))),
    el("div", { class: "dialog-body log", tabindex: "0" }, rows.length ? el("ul", {}, rows.map((row) => el("li", {}, timeOf(row.at), el("code", {}, row.text))))
      : el("p", {}, "Nothing: every call of the app was accepted.")));
  overlay().append(node);
  node.querySelector("button").focus();
}

/** The Home tab of the app; drawn anew only when it changed, so that what one types there stays. */
export function drawHome(node) {
  const view = store.homes.get(store.me);
  if (node.firstChild && node.view === view) return;
  node.view = view;
  const values = new Map();
  const where = {
    names, values,
    act: (element, block, value, at) => act(at, {
      view_id: view.id, action_id: element.action_id, block_id: block.block_id, value, values: Object.fromEntries(values),
    }, element.confirm),
  };
  fill(node, el("div", { class: "home-page" }, view ? renderBlocks(view.blocks, where)
    : el("div", { class: "empty" }, el("strong", {}, "Nothing here yet"), el("p", {}, mrkdwn("CodeHealer has not drawn its Home tab.", names)))));
}
