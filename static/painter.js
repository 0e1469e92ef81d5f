// A worker that paints pictures: of each canvas the newest, once a frame.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const ACROSS = ["left", "center", "right"];
const UP = ["top", "middle"];

const rgb = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255, 255];

// Stripes repeat by this, the same in most pictures.
const stripes = { of: "", canvas: null };

function tile(ground, striped, period, stripe, shift) {
  const of = [ground, striped, period, stripe, shift].join();
  if (stripes.of !== of) {
    const pixels = Array.from({ length: period * period }, (_, at) => {
      const along = ((at % period) + Math.floor(at / period) + period - shift) % period;
      return rgb(along < stripe ? striped : ground);
    });
    const canvas = new OffscreenCanvas(period, period);
    canvas.getContext("2d").putImageData(new ImageData(Uint8ClampedArray.from(pixels.flat()), period), 0, 0);
    Object.assign(stripes, { of, canvas });
  }
  return stripes.canvas;
}

// The strokes of `frontend/logic/src/chart/strokes.rs`, which begin at `at` in these numbers.
function draw(context, numbers, at, words) {
  const lines = words.split("\n");
  let line = 0;
  const next = () => numbers[at++];
  // In the order in which they stand there.
  const kinds = [
    () => {
      context.fillStyle = context.strokeStyle = `#${next().toString(16).padStart(6, "0")}`;
    },
    () => {
      context.globalAlpha = next();
    },
    () => context.fillRect(next(), next(), next(), next()),
    () => context.strokeRect(next(), next(), next(), next()),
    () => context.fillText(lines[line++], next(), next()),
    () => {
      context.textAlign = ACROSS[next()];
      context.textBaseline = UP[next()];
    },
    () => {
      context.lineWidth = next();
    },
    () => context.setLineDash(Array.from({ length: next() }, next)),
    () => context.beginPath(),
    () => context.moveTo(next(), next()),
    () => context.lineTo(next(), next()),
    () => context.stroke(),
    () => {
      const [ground, striped, period, stripe, shift] = Array.from({ length: 5 }, next);
      context.fillStyle = context.createPattern(tile(ground, striped, period, stripe, shift), "repeat");
    },
  ];
  while (at < numbers.length) {
    kinds[next()]();
  }
}

// An image as it is sent, on its way to where it is stretched.
const plain = new OffscreenCanvas(1, 1).getContext("2d");

function stretch(context, image, left, top, lines) {
  const { width, height } = image;
  if (plain.canvas.width !== width || plain.canvas.height !== height) {
    Object.assign(plain.canvas, { width, height });
  }
  plain.putImageData(image, 0, 0);
  // Cells have edges.
  context.imageSmoothingEnabled = false;
  context.drawImage(plain.canvas, left, top, width, height * lines);
}

// A picture's numbers: the canvas's size in pixels, how many of them are one of CSS, where its pixels lie and how many
// of them are in a row, and for how many lines a row stands; then its strokes.
function paint(shown, { numbers, pixels, words }) {
  const { context } = shown;
  const [width, height, ratio, left, top, across, lines] = numbers;
  const size = [width, height, ratio].join();
  if (shown.size !== size) {
    shown.size = size;
    context.canvas.width = width;
    context.canvas.height = height;
    // Lasts until the next change of size. Set with every picture it took half of the time.
    context.font = `${(11 * ratio).toFixed(1)}px ${FONT}`;
  }
  context.clearRect(0, 0, width, height);
  if (pixels) {
    const image = new ImageData(pixels, across);
    if (lines === 1) {
      context.putImageData(image, left, top);
    } else {
      stretch(context, image, left, top, lines);
    }
  }
  draw(context, numbers, 7, words);
}

const canvases = new Map();
const waiting = new Map();

// A message brings a canvas under a number, or pictures for some, or a number alone whose canvas is not needed any more;
// or nothing, and asks for an answer when what came before is shown.
onmessage = ({ data: { id, canvas, pictures } }) => {
  if (canvas) {
    canvases.set(id, { context: canvas.getContext("2d"), size: "" });
  } else if (pictures) {
    if (waiting.size === 0) {
      requestAnimationFrame(paintAll);
    }
    pictures.forEach((picture) => waiting.set(picture.id, picture));
  } else if (id) {
    canvases.delete(id);
    waiting.delete(id);
  } else {
    answer();
  }
};

function answer() {
  // A frame's work is done after it.
  requestAnimationFrame(() => (waiting.size > 0 ? answer() : setTimeout(() => postMessage(null))));
}

function paintAll() {
  const pictures = [...waiting.values()];
  waiting.clear();
  for (const picture of pictures) {
    paint(canvases.get(picture.id), picture);
  }
}
