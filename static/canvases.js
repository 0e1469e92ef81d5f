// Has canvases painted by a worker: so no hand waits while there is painting, and painting waits for no text.

if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) {
  throw new Error("This browser's workers have no canvases.");
}

const worker = new Worker("/assets/painter.js");
worker.onmessage = ({ data }) => painted(data);

// Says why there will be no pictures, should it come to that.
export const broken = new Promise((say) => {
  worker.onerror = ({ message }) => say(message || "The script that paints could not be loaded.");
});

// Canvases are known to the worker by numbers.
const canvases = new Map();
const ids = new WeakMap();
let last = 0;
const gone = new FinalizationRegistry((id) => {
  canvases.delete(id);
  worker.postMessage({ id });
});

function idOf(canvas) {
  if (!ids.has(canvas)) {
    const id = ++last;
    ids.set(canvas, id);
    canvases.set(id, new WeakRef(canvas));
    gone.register(canvas, id);
    const moved = canvas.transferControlToOffscreen();
    worker.postMessage({ id, canvas: moved }, [moved]);
  }
  return ids.get(canvas);
}

// Pixels of pictures that have been painted: memory that is new takes longer to be had than to be filled.
const spare = [];
const MOST_SPARE = 4;

function copied(pixels) {
  const at = spare.findIndex((one) => one.length === pixels.length);
  if (at < 0) {
    return pixels.slice();
  }
  const [copy] = spare.splice(at, 1);
  copy.set(pixels);
  return copy;
}

function painted(pictures) {
  for (const { id, pixels, facts } of pictures) {
    if (pixels.length > 0) {
      spare.push(pixels);
      spare.splice(0, spare.length - MOST_SPARE);
    }
    if (facts) {
      tell(canvases.get(id)?.deref()?.dataset, facts);
    }
  }
}

// What a canvas shows, for whoever looks for something in it from outside, stands in its data attributes.
function tell(dataset, facts) {
  for (const fact of dataset ? facts.split("\n") : []) {
    const [name, value] = fact.split("=");
    if (dataset[name] !== value) {
      dataset[name] = value;
    }
  }
}

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
  pictures.push({ id, numbers: numbers.slice(), pixels: copied(pixels), words, facts });
};
