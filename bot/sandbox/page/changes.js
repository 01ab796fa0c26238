// What just changed is lit for a moment; a redraw in that moment goes on where the light was.

const SECONDS = 3;
const known = new Map();

/** Remember `value` under `key`; gives its age in ms. New keys are old news unless `fresh`. */
function age(key, value, fresh) {
  const was = known.get(key) ?? { value, at: fresh ? Date.now() : 0 };
  if (was.value !== value) Object.assign(was, { value, at: Date.now() });
  known.set(key, was);
  return Date.now() - was.at;
}

/** Light `node` if `value` differs from what it was at the last drawing. */
export function light(node, key, value, { fresh = false, className = "lit" } = {}) {
  const ms = age(key, value, fresh);
  if (ms >= SECONDS * 1000) return node;
  node.classList.add(className);
  node.style.setProperty("animation-delay", `-${ms}ms`);
  return node;
}
