// A pull request's body: the Markdown that such bodies use, as nodes. Text stays text, links are http(s) only.

import { el, link } from "./dom.js";
import { pre } from "./mrkdwn.js";

const MAX = 20_000;

export function markdown(source) {
  const nodes = [];
  const lines = String(source ?? "").slice(0, MAX).replaceAll("\r", "").replace(/<!--[\s\S]{0,2000}?-->/g, "").split("\n");
  let list = null;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const fence = /^\s{0,3}(```+|~~~+)\s*([\w-]{0,20})/.exec(line);
    if (fence) {
      const from = at + 1;
      while (at + 1 < lines.length && !lines[at + 1].trim().startsWith(fence[1])) at += 1;
      nodes.push(pre(lines.slice(from, at + 1).join("\n"), fence[2]));
      at += 1;
      list = null;
      continue;
    }
    const item = /^\s{0,6}(?:[-*+]|\d{1,3}[.)])\s+(.*)$/.exec(line);
    if (item) {
      if (!list) nodes.push((list = el("ul")));
      list.append(el("li", {}, inline(item[1])));
      continue;
    }
    list = null;
    const title = /^#{1,6}\s+(.*)$/.exec(line);
    const quote = /^>\s?(.*)$/.exec(line);
    if (title) nodes.push(el("p", { class: "md-title" }, inline(title[1])));
    else if (quote) nodes.push(el("blockquote", {}, inline(quote[1])));
    else if (/^\s*\|.*\|\s*$/.test(line)) nodes.push(/^[\s|:-]+$/.test(line) ? null : el("p", { class: "md-row" }, line.trim().slice(1, -1).split("|").map((cell) => el("span", {}, inline(cell.trim())))));
    else if (line.trim()) nodes.push(el("p", {}, inline(line)));
  }
  return el("div", { class: "markdown" }, nodes);
}

const TOKEN = /`([^`\n]{1,400})`|\*\*([^*\n]{1,400})\*\*|\[([^\]\n]{1,300})\]\(([^)\s]{1,600})\)|(https?:\/\/[^\s<>()]{1,600})/g;

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    nodes.push(text.slice(from, found.index));
    const [all, code, bold, words, target, bare] = found;
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (bold !== undefined) nodes.push(el("strong", {}, bold));
    else if (words !== undefined) nodes.push(link(target, words));
    else nodes.push(link(bare, bare));
    from = found.index + all.length;
  }
  return [...nodes, text.slice(from)];
}
