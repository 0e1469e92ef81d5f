// Starts the page: the stored theme first, so that nothing flashes, then the program. What goes wrong
// before the program runs, or stops it, is told in its place. A link's token is exchanged before it runs.

import { enter } from "/assets/enter.js";

const theme = (() => {
  try {
    return localStorage.getItem("runqlat-web.theme");
  } catch {
    return null;
  }
})();
document.documentElement.dataset.theme = theme ?? "system";

function tell(what, why) {
  const box = document.createElement("div");
  box.className = "fatal";
  box.setAttribute("role", "alert");
  box.dataset.testid = "start-error";
  const title = document.createElement("strong");
  title.textContent = what;
  const reason = document.createElement("p");
  reason.textContent = why;
  const hint = document.createElement("p");
  hint.textContent = "Hint: reload the page. It needs a browser of 2024 or later with WebAssembly.";
  box.append(title, reason, hint);
  document.getElementById("loading")?.remove();
  document.querySelector(".fatal")?.remove();
  document.body.prepend(box);
}

// A panic of the program ends as a RuntimeError that nothing catches.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) {
    tell("The page has crashed.", String(event.error));
  }
});

try {
  const [{ default: init }, canvases, connections] = await Promise.all([
    import("/assets/app.js"),
    import("/assets/canvases.js"),
    import("/assets/connections.js"),
    enter(),
  ]);
  canvases.broken.then((why) => tell("The page cannot paint.", why));
  connections.broken.then((why) => tell("The page cannot connect.", why));
  await init({ module_or_path: "/assets/app_bg.wasm" });
} catch (error) {
  tell("The page could not start.", String(error));
}
