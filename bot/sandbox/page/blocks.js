// Block Kit as DOM. `where` says what a click belongs to: {names, act(element, block, value, node), values}.

import { el, icon, link } from "./dom.js";
import { follow } from "./links.js";
import { emoji, mention, mrkdwn, pre } from "./mrkdwn.js";

export function renderBlocks(blocks, where) {
  return el("div", { class: "blocks" }, (blocks ?? []).map((block) => renderBlock(block, where)));
}

function renderBlock(block, where) {
  const draw = BLOCKS[block.type];
  if (!draw) return el("p", { class: "unknown" }, `(${block.type} block)`);
  const node = draw(block, where);
  if (block.block_id) node.dataset.blockId = block.block_id;
  return node;
}

export function text(object, names) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return object.text.split(/(:[a-z0-9_+'-]{1,40}:)/).map((part) =>
    part.length > 2 && part.startsWith(":") && part.endsWith(":") ? emoji(part.slice(1, -1)) : part);
}

const BLOCKS = {
  section: (block, where) => el("div", { class: "section" },
    el("div", { class: "section-main" },
      block.text && el("div", { class: "section-text" }, text(block.text, where.names)),
      block.fields && el("div", { class: "fields" },
        block.fields.map((field) => el("div", { class: "field" }, text(field, where.names))))),
    block.accessory && el("div", { class: "accessory" }, renderElement(block.accessory, block, where))),
  header: (block, where) => el("h3", { class: "block-header" }, text(block.text, where.names)),
  divider: () => el("hr", { class: "block-divider" }),
  image: (block) => placeholder(block.alt_text, block.title?.text),
  context: (block, where) => el("div", { class: "context" }, block.elements.map((each) =>
    each.type === "image" ? el("span", { class: "tiny-image", title: each.alt_text }, icon("image"))
      : el("span", {}, text(each, where.names)))),
  actions: (block, where) => el("div", { class: "actions" }, block.elements.map((each) => renderElement(each, block, where))),
  context_actions: (block, where) => el("div", { class: "actions context-actions" },
    block.elements.map((each) => renderElement(each, block, where))),
  rich_text: (block, where) => el("div", { class: "rich" }, block.elements.map((each) => richBlock(each, where.names))),
  input: (block, where) => renderInput(block, where),
  markdown: (block, where) => el("div", { class: "section-text" }, mrkdwn(block.text.replace(/\*\*([^*\n]+)\*\*/g, "*$1*"), where.names)),
  alert: (block, where) => el("div", { class: `alert alert-${block.level ?? "default"}`, role: "note" }, text(block.text, where.names)),
  table: (block, where) => el("div", { class: "table-slot" }, el("table", {}, block.rows.map((row, index) =>
    el("tr", {}, row.map((cell) => el(index === 0 ? "th" : "td", {}, tableCell(cell, where.names))))))),
};

function tableCell(cell, names) {
  if (cell.type === "rich_text") return cell.elements.map((each) => richBlock(each, names));
  return cell.text ?? String(cell.value ?? "");
}

function placeholder(alt, title) {
  return el("figure", { class: "image" }, title && el("figcaption", {}, title),
    el("div", { class: "image-box", role: "img", "aria-label": alt }, icon("image"), el("span", {}, alt)));
}

// --- rich text -----------------------------------------------------------------------------------------------------

function richBlock(part, names) {
  const inside = () => part.elements.map((each) => richInline(each, names));
  switch (part.type) {
    case "rich_text_preformatted":
      return pre(part.elements.map((each) => each.text ?? each.url ?? "").join(""), part.language);
    case "rich_text_quote":
      return el("blockquote", {}, inside());
    case "rich_text_list":
      return el(part.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 4)}` },
        part.elements.map((item) => el("li", {}, item.elements.map((each) => richInline(each, names)))));
    default:
      return el("p", { class: "rich-section" }, inside());
  }
}

function richInline(part, names) {
  const style = part.style ?? {};
  let node;
  switch (part.type) {
    case "link": node = link(part.url, part.text || part.url); break;
    case "emoji": node = emoji(part.name); break;
    case "user": return mention(`@${names.user(part.user_id)}`, names.isMe(part.user_id));
    case "channel": return mention(`#${names.channel(part.channel_id)}`);
    case "broadcast": return mention(`@${part.range}`);
    case "date": node = el("time", {}, part.fallback || new Date(part.timestamp * 1000).toLocaleString()); break;
    case "color": node = el("code", {}, part.value); break;
    default: node = document.createTextNode(part.text ?? "");
  }
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style[name]) node = el(tag, {}, node);
  }
  return node instanceof Text ? el("span", {}, node) : node;
}

// --- elements ------------------------------------------------------------------------------------------------------

function renderElement(element, block, where) {
  switch (element.type) {
    case "button": return button(element, block, where);
    case "feedback_buttons": return el("span", { class: "feedback" },
      feedback(element, block, where, element.positive_button, "up"), feedback(element, block, where, element.negative_button, "down"));
    case "icon_button": return pressable(element, block, where, { class: "icon-button", "aria-label": element.text.text, title: element.text.text }, icon("trash"));
    case "image": return el("span", { class: "thumb", role: "img", "aria-label": element.alt_text, title: element.alt_text }, icon("image"));
    case "overflow":
    case "static_select": return menu(element, block, where);
    case "users_select": return picker(element, block, where, where.names.everyone(), "initial_user");
    case "channels_select":
    case "conversations_select": return picker(element, block, where, where.names.everywhere(), "initial_channel");
    default: return control(element, block, where);
  }
}

function pressable(element, block, where, props, ...children) {
  return el("button", {
    type: "button", "data-action-id": element.action_id, "data-block-id": block.block_id, ...props,
    onclick: (event) => {
      if (element.url) follow(element.url);
      if (!(where.foreign && element.url)) where.act(element, block, props["data-value"] ?? element.value, event.currentTarget);
    },
  }, children);
}

function button(element, block, where) {
  const style = element.style === "primary" ? "primary" : element.style === "danger" ? "danger" : "";
  return pressable(element, block, where,
    { class: `button ${style}`, "aria-label": element.accessibility_label }, text(element.text, where.names));
}

function feedback(element, block, where, side, picture) {
  const label = side.accessibility_label ?? side.text.text;
  return pressable(element, block, where, { class: "thumb-button", "aria-label": label, title: label, "data-value": side.value }, icon(picture));
}

const optionsOf = (element) => (element.option_groups ? element.option_groups.flatMap((group) => group.options) : element.options ?? []);

function menu(element, block, where) {
  const first = element.placeholder?.text ?? (element.type === "overflow" ? "More…" : "Choose…");
  return select(element, block, where, first, optionsOf(element).map((o) => [o.value, o.text.text]), element.initial_option?.value);
}

function picker(element, block, where, pairs, initial) {
  return select(element, block, where, element.placeholder?.text ?? "Choose…", pairs, element[initial]);
}

function select(element, block, where, first, pairs, initial) {
  const key = `${block.block_id}/${element.action_id}`;
  const chosen = where.values?.get(key) ?? initial ?? "";
  return el("select", {
    class: "select", "data-action-id": element.action_id, "data-block-id": block.block_id, "aria-label": first, value: chosen,
    onchange: (event) => {
      where.values?.set(key, event.target.value);
      if (block.type !== "input" || block.dispatch_action) where.act(element, block, event.target.value, event.target);
    },
  }, el("option", { value: "" }, first), pairs.map(([value, label]) => el("option", { value, selected: value === chosen }, label)));
}

function control(element, block, where) {
  const key = `${block.block_id}/${element.action_id}`;
  const names = { "data-action-id": element.action_id, "data-block-id": block.block_id };
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choices(element, block, where, key);
  const initial = where.values?.get(key) ?? element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  where.values?.set(key, initial);
  const props = {
    ...names, class: "text-input", value: initial, placeholder: element.placeholder?.text, id: `input-${key}`,
    maxlength: element.max_length, oninput: (event) => where.values?.set(key, event.target.value),
  };
  if (element.multiline) return el("textarea", { ...props, rows: 3 });
  const kinds = { number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time" };
  return el("input", { ...props, type: kinds[element.type] ?? "text" });
}

function choices(element, block, where, key) {
  const many = element.type === "checkboxes";
  const initial = many ? (element.initial_options ?? []).map((o) => o.value) : element.initial_option?.value;
  if (where.values && !where.values.has(key)) where.values.set(key, initial ?? (many ? [] : null));
  const current = () => where.values?.get(key) ?? initial;
  return el("div", { class: "choices", role: many ? "group" : "radiogroup", "data-action-id": element.action_id },
    element.options.map((option) => el("label", { class: "choice" },
      el("input", {
        type: many ? "checkbox" : "radio", name: key, value: option.value,
        checked: many ? (current() ?? []).includes(option.value) : current() === option.value,
        onchange: (event) => {
          const before = current() ?? [];
          const now = !many ? option.value : event.target.checked ? [...before, option.value] : before.filter((v) => v !== option.value);
          where.values?.set(key, now);
          if (block.type !== "input" || block.dispatch_action) where.act(element, block, now, event.target);
        },
      }), el("span", {}, text(option.text, where.names), option.description && el("small", {}, text(option.description, where.names))))));
}

function renderInput(block, where) {
  const error = where.errors?.[block.block_id];
  const field = control(block.element, block, where);
  const node = ["checkboxes", "radio_buttons"].includes(block.element.type) ? field
    : block.element.type.endsWith("select") ? renderElement(block.element, block, where) : field;
  if (error) node.setAttribute("aria-invalid", "true");
  return el("div", { class: `input ${error ? "input-wrong" : ""}` },
    el("label", { for: node.id || null }, text(block.label, where.names), block.optional && el("span", { class: "optional" }, " (optional)")),
    node, error && el("p", { class: "input-error", role: "alert" }, error), block.hint && el("p", { class: "hint" }, text(block.hint, where.names)));
}

// --- attachments of other apps -------------------------------------------------------------------------------------

const NAMED = { good: "#2eb67d", warning: "#e5a00d", danger: "#d6334b" };

export function renderAttachment(part, where) {
  const colour = NAMED[part.color] ?? (/^#?[0-9a-f]{3,8}$/i.test(part.color ?? "") ? `#${part.color.replace("#", "")}` : null);
  const names = where.names;
  const body = el("div", { class: "attachment" },
    part.author_name && el("div", { class: "attachment-author" }, part.author_link ? link(part.author_link, part.author_name) : part.author_name),
    part.title && el("div", { class: "attachment-title" }, part.title_link ? link(part.title_link, mrkdwn(part.title, names)) : mrkdwn(part.title, names)),
    part.text && el("div", { class: "attachment-text" }, mrkdwn(part.text, names)),
    part.fields && el("div", { class: "attachment-fields" }, part.fields.map((field) =>
      el("div", { class: field.short ? "short" : "wide" }, el("strong", {}, mrkdwn(field.title, names)), el("div", {}, mrkdwn(field.value, names))))),
    part.blocks && renderBlocks(part.blocks, where),
    part.image_url && placeholder(part.fallback ?? "image"),
    part.actions && el("div", { class: "actions" }, part.actions.filter((a) => a.url).map((a) => link(a.url, a.text))),
    !part.text && !part.title && !part.blocks && !part.fields && part.fallback && el("div", {}, mrkdwn(part.fallback, names)),
    part.footer && el("div", { class: "attachment-footer" }, mrkdwn(part.footer, names)));
  if (colour) body.style.borderInlineStartColor = colour;
  return el("div", {}, part.pretext && el("div", { class: "pretext" }, mrkdwn(part.pretext, names)), body);
}
