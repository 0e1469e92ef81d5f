// Starts the page: the stored theme first, so that nothing flashes, then the program. What goes wrong
// before the program runs, or stops it, is told in its place (`start.js`). A link's token is exchanged before it runs.

const theme = (() => {
  try {
    return localStorage.getItem("runqlat-web.theme");
  } catch {
    return null;
  }
})();
document.documentElement.dataset.theme = theme ?? "system";

const RELOAD = "reload the page.";

// A panic of the program ends as a RuntimeError that nothing catches.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) {
    tellStart("The page has crashed.", String(event.error), RELOAD);
  }
});

// From here and not from the page: this script's own place is known, whatever the address of the page looks like.
const of = (name) => new URL(name, import.meta.url).href;
const [app, canvases, connections, entry, wasm] = [
  of("../assets/app.js"),
  of("../assets/canvases.js"),
  of("../assets/connections.js"),
  of("../assets/enter.js"),
  of("../assets/app_bg.wasm"),
];

try {
  const [{ default: init }, painting, connecting] = await Promise.all([
    import(app),
    import(canvases),
    import(connections),
    import(entry).then(({ enter }) => enter()),
  ]);
  painting.broken.then((why) => tellStart("The page cannot paint.", why, RELOAD));
  connecting.broken.then((why) => tellStart("The page cannot connect.", why, RELOAD));
  await init({ module_or_path: wasm });
} catch (error) {
  await tellRefused([app, canvases, connections, entry, wasm], String(error));
}
