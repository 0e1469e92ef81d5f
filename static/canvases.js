// Has canvases painted by a worker: so no hand waits while there is painting, and painting waits for no text.

if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) {
  throw new Error("This browser's workers have no canvases.");
}

const worker = new Worker(new URL("../assets/painter.js", import.meta.url));

// Says why there will be no pictures, should it come to that.
export const broken = new Promise((say) => {
  worker.onerror = ({ message }) => say(message || "The script that paints could not be loaded.");
});

// Pictures that change together are sent together: of each canvas the newest.
const pictures = new Map();

// Canvases are known to the worker by numbers.
const ids = new WeakMap();
let last = 0;
const gone = new FinalizationRegistry((id) => {
  pictures.delete(id);
  worker.postMessage({ id });
});

function idOf(canvas) {
  if (!ids.has(canvas)) {
    const id = ++last;
    ids.set(canvas, id);
    gone.register(canvas, id);
    const moved = canvas.transferControlToOffscreen();
    worker.postMessage({ id, canvas: moved }, [moved]);
  }
  return ids.get(canvas);
}

// What a canvas shows, for whoever looks for something in it from outside: `canvas.facts`, named when it is read.
const NAMES = [
  ...["plotLeft", "plotTop", "plotWidth", "plotHeight", "rowHeight", "rows"],
  ...["startMs", "endMs", "seq", "scaleMax", "emptyRgb"],
];
const told = new WeakMap();

Object.defineProperty(HTMLCanvasElement.prototype, "facts", {
  get() {
    const { numbers = [], ...words } = told.get(this) ?? {};
    return { ...words, ...Object.fromEntries(Array.from(numbers, (number, at) => [NAMES[at], number])) };
  },
});

// For the program, as below.
globalThis.tellCanvas = (canvas, numbers, measure, cause) => {
  told.set(canvas, { numbers: numbers.slice(), measure, cause });
};

// With more than the map and what lies over it the page changes texts, too, which takes a frame. A worker that is woken
// in the midst of it takes the page's CPU away, often with another one idle: it is woken when the frame is done.
function sendSoon() {
  if (pictures.size > 2) {
    requestAnimationFrame(() => setTimeout(sendAll));
  } else {
    sendAll();
  }
}

function sendAll() {
  if (pictures.size > 0) {
    const sent = [...pictures.values()];
    const moved = sent.flatMap(({ pixels }) => (pixels ? [pixels.buffer] : []));
    worker.postMessage({ pictures: sent }, moved);
    pictures.clear();
  }
}

// For the program, whose memory the arrays are: has a canvas show pixels and strokes over them, in place of what it
// shows.
globalThis.paintCanvas = (canvas, numbers, pixels, words) => {
  const id = idOf(canvas);
  if (pictures.size === 0) {
    queueMicrotask(sendSoon);
  }
  const copied = pixels.length > 0 ? pixels.slice() : null;
  pictures.set(id, { id, numbers: numbers.slice(), pixels: copied, words });
};

// Who looks at its pixels asks when all that is told has been painted. Nobody else has the worker answer.
const asking = [];
worker.onmessage = () => asking.shift()();
globalThis.whenPainted = () => {
  sendAll();
  worker.postMessage({});
  return Promise.race([new Promise((resolve) => asking.push(resolve)), broken]);
};
