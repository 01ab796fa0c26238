// Slack's mrkdwn as DOM nodes: bold, italic, strike, code, pre, quotes, links, mentions, emoji. One pass, no HTML.

import { el, link } from "./dom.js";
import { EMOJI } from "./emoji.js";

const MARKS = { "*": "strong", "_": "em", "~": "s" };
const LINKISH = /^([@#!]|[a-z][a-z0-9+.-]{0,30}:)/i;
const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** names: {user(id), channel(id)} give the words for a mention. */
export function mrkdwn(text, names) {
  const nodes = [];
  const parts = String(text ?? "").split("```");
  parts.forEach((part, index) => {
    const closed = index < parts.length - 1 || parts.length % 2 === 1;
    if (index % 2 === 1 && closed) nodes.push(pre(unescape(part.replace(/^\n/, "").replace(/\n$/, ""))));
    else nodes.push(...lines(index % 2 === 1 ? "```" + part : part, names));
  });
  return nodes;
}

/** Every line begins with a sign and a space, and something was added: a diff without a head. */
const isSigned = (text) => /^\+ /m.test(text) && text.split("\n").every((line) => !line || /^[ +-] /.test(line));

/** A code block; lines of a diff are coloured. */
export function pre(text, language = "") {
  const looksLikeDiff = language === "diff" || (/^[+-]/m.test(text) && /^(@@|--- |\+\+\+ )/m.test(text)) || isSigned(text);
  if (!looksLikeDiff) return el("pre", {}, el("code", {}, text));
  const rows = text.split("\n").map((line) => {
    const kind = line.startsWith("@@") || /^(---|\+\+\+) /.test(line) ? "diff-head"
      : line.startsWith("+") ? "diff-plus" : line.startsWith("-") ? "diff-minus" : "diff-same";
    return el("span", { class: kind }, line || " ");
  });
  return el("pre", { class: "diff" }, el("code", {}, rows));
}

function lines(text, names) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = /^(&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(...inline(line.slice(quoted[0].length), names));
      return;
    }
    if (index > 0 && !quote) nodes.push(el("br"));
    quote = null;
    nodes.push(...inline(line, names));
  });
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(unescape(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const found = token(text, at, names);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end - 1;
    } else plain += text[at];
  }
  flush();
  return nodes;
}

function token(text, at, names) {
  const char = text[at];
  if (char === "`") {
    const end = text.indexOf("`", at + 1);
    return end > at + 1 ? { node: el("code", {}, unescape(text.slice(at + 1, end))), end: end + 1 } : null;
  }
  if (char === "<") {
    const end = text.indexOf(">", at);
    return end > at + 1 && LINKISH.test(text.slice(at + 1, at + 41)) ? { node: angle(text.slice(at + 1, end), names), end: end + 1 } : null;
  }
  if (char === ":") {
    const name = /^:([a-z0-9_+'-]{1,40}):/.exec(text.slice(at, at + 44));
    return name && EMOJI[name[1]] ? { node: emoji(name[1]), end: at + name[0].length } : null;
  }
  if (MARKS[char] && !/[\p{L}\p{N}]/u.test(text[at - 1] ?? " ") && !/\s/.test(text[at + 1] ?? " ")) {
    const end = closing(text, at, char);
    return end ? { node: el(MARKS[char], {}, inline(text.slice(at + 1, end), names)), end: end + 1 } : null;
  }
  return null;
}

function closing(text, at, char) {
  for (let end = text.indexOf(char, at + 2); end !== -1; end = text.indexOf(char, end + 1)) {
    if (!/\s/.test(text[end - 1]) && !/[\p{L}\p{N}]/u.test(text[end + 1] ?? " ")) return end;
  }
  return 0;
}

function angle(inner, names) {
  const [target, label] = inner.split("|", 2);
  if (target.startsWith("@")) return mention(`@${names.user(target.slice(1))}`, names.isMe(target.slice(1)));
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1))}`);
  if (target.startsWith("!")) return mention(special(target.slice(1), label));
  return link(unescape(target), label ? inline(label, names) : unescape(target));
}

function special(command, label) {
  if (label) return unescape(label);
  return `@${command.split("^")[0]}`;
}

export function mention(text, isMe = false) {
  return el("span", { class: isMe ? "mention mention-me" : "mention" }, text);
}

export function emoji(name) {
  return EMOJI[name] ? el("span", { class: "emoji", role: "img", "aria-label": name }, EMOJI[name]) : el("span", {}, `:${name}:`);
}
