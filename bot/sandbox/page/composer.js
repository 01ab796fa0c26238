// The box one writes in: Enter sends, Shift+Enter breaks the line, @ completes people, / completes commands.

import { post } from "./api.js";
import { el, icon } from "./dom.js";
import { humans, store } from "./store.js";
import { toast } from "./toasts.js";

const HINTS = [
  ["/heal help", "What CodeHealer can do"],
  ["/heal status", "Open incidents"],
];

/** place() gives {channel, thread, label}; thread "" means the channel itself. */
export function composer(place, testid) {
  const input = el("textarea", {
    rows: 1, class: "composer-input", "data-testid": testid, "aria-autocomplete": "list", oninput: () => { grow(); suggest(); },
    onkeydown: keys, onblur: () => setTimeout(hide, 150),
  });
  const list = el("ul", { class: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const send = el("button", { type: "button", class: "send", "aria-label": "Send", "data-testid": `${testid}-send`, onclick: submit }, icon("send"));
  let options = [];
  let chosen = 0;

  function grow() {
    input.style.setProperty("height", "auto");
    input.style.setProperty("height", `${Math.min(input.scrollHeight, 160)}px`);
    send.classList.toggle("ready", input.value.trim() !== "");
  }

  function suggest() {
    const before = input.value.slice(0, input.selectionStart);
    const at = /(^|\s)@([a-z]*)$/i.exec(before);
    const slash = /^\/[a-z ]*$/i.test(before) && !place().thread;
    if (at) {
      const people = [["codehealer", "CodeHealer"], ...humans().filter((p) => p.id !== store.me).map((p) => [p.name, p.real_name])];
      options = people.filter(([name]) => name.startsWith(at[2].toLowerCase()))
        .map(([name, full]) => ({ label: `@${name}`, detail: full, text: before.slice(0, before.length - at[2].length - 1) + `@${name} ` }));
    } else if (slash) {
      options = HINTS.filter(([words]) => words.startsWith(before)).map(([words, detail]) => ({ label: words, detail, text: words }));
    } else options = [];
    chosen = 0;
    show();
  }

  function show() {
    list.hidden = options.length === 0;
    list.replaceChildren(...options.map((option, index) => el("li", {
      role: "option", "aria-selected": String(index === chosen), class: index === chosen ? "chosen" : "",
      onpointerdown: (event) => { event.preventDefault(); take(option); },
    }, el("strong", {}, option.label), el("span", {}, option.detail))));
  }

  function hide() {
    options = [];
    list.hidden = true;
  }

  function take(option) {
    input.value = option.text + input.value.slice(input.selectionStart);
    hide();
    grow();
    input.focus();
  }

  function keys(event) {
    if (options.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
      show();
      event.preventDefault();
    } else if (options.length && (event.key === "Tab" || (event.key === "Enter" && options[chosen].text.trim() !== input.value.trim()))) {
      take(options[chosen]);
      event.preventDefault();
    } else if (event.key === "Escape" && options.length) {
      hide();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  }

  async function submit() {
    const words = input.value.trim();
    const { channel, thread } = place();
    if (!words || !channel) return;
    hide();
    const command = /^(\/[a-z_-]+)\s*([\s\S]*)$/.exec(words);
    if (command && thread) {
      toast(`${command[1]} cannot be used in threads, as in Slack.`, "error");
      return;
    }
    input.value = "";
    grow();
    const answer = command ? await post("command", { user: store.me, channel, command: command[1], text: command[2] })
      : await post("say", { user: store.me, channel, text: words, thread_ts: thread || null });
    if (!answer.ok) {
      toast(answer.error, "error");
      input.value = input.value || words;
      grow();
    }
  }

  const box = el("div", { class: "composer" }, list, input, send);
  return { node: box, input, refresh: () => { input.placeholder = place().label; input.setAttribute("aria-label", place().label); } };
}
