// The sidebar: channels with unread dots, the app, and the person one is.

import { avatar, el, fill } from "./dom.js";
import { myChannels, store } from "./store.js";

export function drawChannels(list, go) {
  fill(list, myChannels().map((channel) => {
    const unread = store.unread.has(`${store.me}/${channel.id}`);
    const here = !store.panel && store.place === channel.id;
    return el("li", {}, el("button", {
      type: "button", class: `channel ${here ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": here ? "page" : null,
      "data-testid": `channel-${channel.name}`, "data-channel-id": channel.id, onclick: () => go(channel.id),
    }, el("span", { class: "hash", "aria-hidden": "true" }, channel.kind === "group" ? "🔒" : "#"), el("span", { class: "channel-name" }, channel.name),
    unread && el("span", { class: "dot", role: "img", "aria-label": "unread" })));
  }));
}

export function drawApps(list, go) {
  const here = !store.panel && (store.place === "home" || store.place === "dm");
  const unread = store.unread.has(`${store.me}/dm`);
  fill(list, el("li", {}, el("button", {
    type: "button", class: `channel app ${here ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": here ? "page" : null,
    "data-testid": "app-home", onclick: () => go("home"),
  }, avatar("CodeHealer", true), el("span", { class: "channel-name" }, "CodeHealer"), unread && el("span", { class: "dot", role: "img", "aria-label": "unread" }))));
}

export function drawPerson(button) {
  const person = store.people.get(store.me);
  if (!person) return;
  fill(button, avatar(person.real_name), el("span", { class: "me-words" },
    el("strong", {}, person.real_name), el("span", {}, person.is_restricted ? "guest" : `@${person.name}`)), el("span", { class: "me-switch" }, "Switch"));
  button.setAttribute("aria-label", `You are ${person.real_name}. Switch person`);
}
