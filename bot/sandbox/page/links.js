// Links that lead into the sandbox's own GitHub, Argo CD or cluster open the panel; all others a new tab.

const LOCAL = ["127.0.0.1", "localhost"];
const { github = "", argocd = "", kubernetes = "" } = document.documentElement.dataset;

function same(url, base) {
  if (!URL.canParse(base)) return false;
  const { hostname, port } = new URL(base);
  return url.port === port && (url.hostname === hostname || (LOCAL.includes(url.hostname) && LOCAL.includes(hostname)));
}

/** {panel, item} of an address that a panel shows, else null (files and commits have pages of their own). */
export function inside(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const path = url.pathname.split("/").filter(Boolean).map((part) => decodeURIComponent(part));
  if (same(url, github)) return ["blob", "commit"].includes(path[2]) ? null : { panel: "github", item: onGithub(path, url.hash) };
  if (same(url, argocd)) return { panel: "argocd", item: path[0] === "applications" && path.length > 1 ? { kind: "app", key: `app/${path.at(-1)}` } : null };
  if (same(url, kubernetes)) return { panel: "kubernetes", item: null };
  return null;
}

function onGithub(path, hash) {
  const [owner, repo, what, ...rest] = path;
  if (what === "pull") return { kind: "pull", keys: [`pull/${owner}/${repo}/${rest[0]}`, `pull/${repo}/${rest[0]}`] };
  if (what !== "actions" || rest[0] !== "runs") return null;
  const job = ["job", "jobs"].includes(rest[2]) ? rest[3] : null;
  const line = /^#step:\d{1,4}:(\d{1,7})$/.exec(hash);
  return { kind: "run", key: `run/${rest[1]}`, job, line: line ? Number(line[1]) : 0 };
}

/** open(place) is called for every click on such a link. */
export function catchLinks(open) {
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("a[href]");
    if (!target || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const place = inside(target.href);
    if (!place) return;
    event.preventDefault();
    open(place);
  }, true);
  opener = open;
}

let opener = () => {};

/** What a block's button with a url does. */
export function follow(address) {
  const place = inside(address);
  if (place) opener(place);
  else if (/^https?:/i.test(address)) window.open(address, "_blank", "noopener");
}
