// Light or dark: the system's choice until the person switches. Runs before the first drawing, so nothing flashes.

(() => {
  const KEY = "codehealer.theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const remembered = localStorage.getItem(KEY);
  if (remembered === "light" || remembered === "dark") root.dataset.theme = remembered;

  function say() {
    const button = document.getElementById("theme");
    button.setAttribute("aria-label", isDark() ? "Switch to light" : "Switch to dark");
    button.title = button.getAttribute("aria-label");
  }

  document.addEventListener("DOMContentLoaded", () => {
    say();
    system.addEventListener("change", say);
    document.getElementById("theme").addEventListener("click", () => {
      const wanted = isDark() ? "light" : "dark";
      const asSystem = (wanted === "dark") === system.matches;
      if (asSystem) delete root.dataset.theme;
      else root.dataset.theme = wanted;
      if (asSystem) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, wanted);
      say();
    });
  });
})();
