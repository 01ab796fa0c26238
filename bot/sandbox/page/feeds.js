// What the platforms look like now. Events only say that something changed: a feed then reads its answer again, one
// request at a time and at most four a second, however many events there were.

import { get } from "./api.js";

const PAUSE = 250;
const CALLS = 500;

class Feed {
  /** `value` is null until the first answer; `missing` when this sandbox does not have the platform. */
  constructor(name, pick, missing = false) {
    this.name = name;
    this.pick = pick;
    this.missing = missing;
    this.value = null;
    this.calls = [];
    this.at = 0; // how many times the value changed
    this.shown = false; // whether its panel was drawn before: what it shows at first is no change
    this.reading = null;
  }

  /** Read again, soon. Resolves when an answer that is newer than this call is in. */
  ask() {
    if (this.missing) return Promise.resolve();
    if (this.reading) {
      this.again ??= this.reading.then(() => { this.again = null; return this.ask(); });
      return this.again;
    }
    this.reading = this.read().then(() => new Promise((resolve) => setTimeout(resolve, PAUSE))).then(() => { this.reading = null; });
    return this.reading;
  }

  async read() {
    const answer = await get(`${this.name}?calls=${CALLS}`).catch(() => null);
    if (!answer?.ok) return;
    this.calls = answer.calls ?? [];
    this.take(this.pick(answer));
    watchers.forEach((tell) => tell(this.name));
  }

  take(value) {
    const now = JSON.stringify(value ?? null);
    if (now === this.before) return;
    this.before = now;
    this.value = value ?? null;
    this.at += 1;
    changes.forEach((tell) => tell(this));
  }
}

const watchers = [];
const changes = [];

const { github, argocd } = document.documentElement.dataset;

export const feeds = {
  github: new Feed("github", (answer) => answer.repos, !github),
  argocd: new Feed("argocd", (answer) => answer.applications, !argocd),
  cluster: new Feed("cluster", (answer) => answer.workloads),
};

/** tell(name) after every answer of a feed. */
export const watch = (tell) => watchers.push(tell);

/** tell(feed) for every new value of a feed, shown or not. */
export const onChange = (tell) => changes.push(tell);

/** The Web API's calls, read from where the last reading ended. */
export const slack = {
  calls: [],
  start: 0,
  async ask() {
    const answer = await get(`calls?start=${this.start}`).catch(() => null);
    if (!answer?.ok) return;
    this.start += answer.calls.length;
    this.calls = [...this.calls, ...answer.calls].slice(-CALLS);
    watchers.forEach((tell) => tell("slack"));
  },
};

/** A new start of the sandbox has new lists. */
export function readAll() {
  slack.calls = [];
  slack.start = 0;
  for (const feed of Object.values(feeds)) feed.ask();
}

export const runsOf = (repo) => repo.runs ?? [];
export const openPulls = () => (feeds.github.value ?? []).flatMap((repo) => (repo.pulls ?? []).filter((pull) => pull.state === "open"));
