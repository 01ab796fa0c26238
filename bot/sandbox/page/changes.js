// What just changed is lit for a moment; a redraw in that moment goes on where the light was.

const SECONDS = 3;
const known = new Map();

/** Remember `value` under `key`; gives {age in ms, first value}. New keys are old news unless `fresh`. */
function note(key, value, fresh) {
  const was = known.get(key) ?? { first: value, value, at: fresh ? Date.now() : 0 };
  if (was.value !== value) Object.assign(was, { value, at: Date.now() });
  known.set(key, was);
  return { age: Date.now() - was.at, first: was.first };
}

/** Light `node` if `value` differs from what it was at the last drawing. */
export function light(node, key, value, { fresh = false, className = "lit" } = {}) {
  const { age } = note(key, value, fresh);
  if (age >= SECONDS * 1000) return node;
  node.classList.add(className);
  node.style.setProperty("animation-delay", `-${age}ms`);
  return node;
}

/** What a value was when it was first seen. */
export const firstOf = (key) => known.get(key)?.first;
