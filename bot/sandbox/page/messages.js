// Message cards, the channel's list and the thread's list. A list redraws only the cards that changed.

import { act } from "./actions.js";
import { renderAttachment, renderBlocks } from "./blocks.js";
import { avatar, el, icon, timeOf } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { author, inThread, names, store, visible } from "./store.js";

const SHOWN = 150;
const GROUP_SECONDS = 300;

/** One list of messages in one place; `openThread(ts)` is called by the reply bar. */
export class MessageList {
  constructor(node, openThread, cause) {
    this.node = node;
    this.openThread = openThread;
    this.cause = cause;
    this.cards = new Map();
    this.key = "";
    this.limit = SHOWN;
  }

  draw(channel, thread = "") {
    const key = `${channel?.id}/${thread}/${store.me}`;
    const fresh = key !== this.key;
    const atEnd = fresh || this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
    if (fresh) {
      this.key = key;
      this.limit = SHOWN;
      this.cards.clear();
      this.node.replaceChildren();
    }
    if (!channel) return;
    const all = visible(channel, thread);
    const shown = all.slice(-this.limit);
    const wanted = [];
    if (shown.length < all.length) wanted.push(this.earlier(channel, thread, all.length - shown.length));
    let before = null;
    let day = "";
    for (const message of shown) {
      if (day !== dayOf(message)) wanted.push(this.day(message));
      day = dayOf(message);
      wanted.push(this.card(channel, message, before, thread));
      before = message;
      if (thread && message.ts === thread) {
        if (message.reply_count) wanted.push(this.replyRule(message));
        before = null;
      }
    }
    if (!shown.length) wanted.push(this.empty(channel));
    this.place(wanted);
    if (atEnd) this.node.scrollTop = this.node.scrollHeight;
  }

  /** Put the wanted nodes in order without touching those already in place, so that focus and scroll survive. */
  place(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.node.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, index) => {
      if (this.node.children[index] !== node) this.node.insertBefore(node, this.node.children[index] ?? null);
    });
  }

  card(channel, message, before, thread) {
    const compact = before && sameAuthor(before, message) && !message.is_ephemeral && !before.is_ephemeral
      && message.subtype !== "thread_broadcast" && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
    const known = this.cards.get(message.ts);
    const stamp = `${compact}/${message.reply_count ?? 0}/${message.latest_reply ?? ""}`;
    if (known && known.message === message && known.stamp === stamp) return known.node;
    const focused = known?.node.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    const node = drawSafely(channel, message, { compact, inThread: Boolean(thread), openThread: this.openThread });
    if (known) {
      node.classList.add("changed");
      known.node.replaceWith(node);
      if (focused) node.querySelector(`[data-action-id="${CSS.escape(focused)}"]`)?.focus();
    }
    this.cards.set(message.ts, { node, message, stamp });
    return node;
  }

  cached(key, make) {
    if (!this.cards.has(key)) this.cards.set(key, { node: make() });
    return this.cards.get(key).node;
  }

  day(message) {
    const name = dayOf(message);
    return this.cached(`day/${name}`, () => el("div", { class: "day" }, el("span", {}, name)));
  }

  replyRule(message) {
    const count = message.reply_count ?? 0;
    return this.cached(`rule/${count}`, () => el("div", { class: "reply-rule" }, el("span", {}, count === 1 ? "1 reply" : `${count} replies`)));
  }

  empty(channel) {
    return this.cached("empty", () => el("div", { class: "empty" },
      el("strong", {}, channel.kind === "im" ? "Ask CodeHealer something" : `It is quiet in #${channel.name}`),
      el("p", {}, channel.kind === "im" ? "It answers here as it does in channels."
        : channel.bot_is_member ? "Break something, and watch CodeHealer answer in the alert's thread." : "CodeHealer is not in this channel."),
      channel.kind !== "im" && channel.bot_is_member && el("button", { type: "button", class: "button", onclick: () => this.cause() }, "Choose a failure")));
  }

  earlier(channel, thread, count) {
    return el("button", { type: "button", class: "earlier", onclick: () => { this.limit += SHOWN; this.draw(channel, thread); } },
      `Show earlier messages (${count})`);
  }
}

/** A message that no app should have posted must not stop the others from being drawn. */
function drawSafely(channel, message, options) {
  try {
    return renderMessage(channel, message, options);
  } catch (error) {
    console.warn("message not drawn", message.ts, error);
    return el("article", { class: "message", "data-testid": "message", "data-ts": message.ts },
      el("div", { class: "gutter" }), el("div", { class: "message-main" }, el("p", { class: "unknown" }, "(this message cannot be drawn)")));
  }
}

const sameAuthor = (a, b) => author(a).name === author(b).name && a.user === b.user && a.bot_id === b.bot_id;

function dayOf(message) {
  const when = new Date(Number(message.ts) * 1000);
  return when.toDateString() === new Date().toDateString() ? "Today"
    : when.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
}

function renderMessage(channel, message, { compact, inThread: threaded, openThread }) {
  const { name, isApp } = author(message);
  const where = {
    names,
    values: new Map(),
    foreign: message.bot_id !== store.app.bot_id,
    act: (element, block, value, node) => act(node, {
      channel: channel.id, ts: message.ts, action_id: element.action_id, block_id: block.block_id, value, values: Object.fromEntries(where.values),
    }, element.confirm),
  };
  const classes = ["message", compact && "compact", message.is_ephemeral && "ephemeral", isApp && "from-app"].filter(Boolean);
  return el("article", {
    class: classes.join(" "), "data-testid": "message", "data-ts": message.ts, "data-author": name,
    "data-ephemeral": message.is_ephemeral ? "true" : null, "aria-label": `${name}`,
  },
  el("div", { class: "gutter" }, compact ? timeOf(message.ts) : avatar(name, isApp)),
  el("div", { class: "message-main" },
    message.is_ephemeral && el("p", { class: "only-you" }, "Only visible to you"),
    message.subtype === "thread_broadcast" && !threaded && el("p", { class: "only-you" }, "Replied to a thread"),
    !compact && el("div", { class: "message-head" },
      el("strong", { class: "author" }, name), isApp && el("span", { class: "app-badge" }, "APP"), timeOf(message.ts)),
    body(message, where),
    (message.attachments ?? []).map((part) => renderAttachment(part, where)),
    message.edited && !isApp && el("span", { class: "edited" }, "(edited)"),
    !threaded && message.reply_count > 0 && replyBar(channel, message, openThread)),
  !threaded && !message.is_ephemeral && !inThread(message) && el("div", { class: "hover-tools" },
    el("button", { type: "button", class: "icon-button", "aria-label": "Reply in thread", title: "Reply in thread",
      "data-testid": "reply-in-thread", onclick: () => openThread(message.ts) }, icon("thread"))));
}

function body(message, where) {
  if (message.blocks?.length) return renderBlocks(message.blocks, where);
  return message.text ? el("div", { class: "message-text" }, mrkdwn(message.text, where.names)) : null;
}

function replyBar(channel, message, openThread) {
  const last = channel.messages.get(message.latest_reply);
  const who = (message.reply_users ?? []).map((user) => {
    const person = store.people.get(user);
    return avatar(person?.real_name ?? "?", person?.is_bot ?? true);
  });
  return el("button", { type: "button", class: "reply-bar", "data-testid": "open-thread", onclick: () => openThread(message.ts) },
    who, el("span", { class: "reply-count" }, message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`),
    last && el("span", { class: "reply-last" }, "Last reply ", timeOf(last.ts)));
}

