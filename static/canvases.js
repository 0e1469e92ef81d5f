// Has canvases painted by a worker: so no hand waits while there is painting, and painting waits for no text.

if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) {
  throw new Error("This browser's workers have no canvases.");
}

const worker = new Worker("/assets/painter.js");

// Says why there will be no pictures, should it come to that.
export const broken = new Promise((say) => {
  worker.onerror = ({ message }) => say(message || "The script that paints could not be loaded.");
});

// Canvases are known to the worker by numbers.
const ids = new WeakMap();
let last = 0;
const gone = new FinalizationRegistry((id) => worker.postMessage({ id }));

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

// What a canvas shows, for whoever looks for something in it from outside, stands in its data attributes.
const told = new WeakMap();

function tell(canvas, facts) {
  const before = told.get(canvas) ?? [];
  const now = facts.split("\n");
  told.set(canvas, now);
  for (const [at, fact] of now.entries()) {
    if (fact !== before[at]) {
      const [name, value] = fact.split("=");
      canvas.dataset[name] = value;
    }
  }
}

// Who looks at its pixels asks when all that is told has been painted. Nobody else has the worker answer.
const asking = [];
worker.onmessage = () => asking.shift()();
globalThis.whenPainted = () => {
  worker.postMessage({});
  return Promise.race([new Promise((resolve) => asking.push(resolve)), broken]);
};

// Pictures that change together are sent together.
let pictures = [];

function sendAll() {
  worker.postMessage({ pictures }, pictures.map(({ pixels }) => pixels.buffer));
  pictures = [];
}

// For the program, whose memory the arrays are: has a canvas show pixels and strokes over them, in place of what it
// shows.
globalThis.paintCanvas = (canvas, numbers, pixels, words, facts) => {
  const id = idOf(canvas);
  if (pictures.length === 0) {
    queueMicrotask(sendAll);
  }
  pictures.push({ id, numbers: numbers.slice(), pixels: pixels.slice(), words });
  if (facts) {
    tell(canvas, facts);
  }
};
