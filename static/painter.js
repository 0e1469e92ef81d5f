// A worker that paints pictures: of each canvas the newest, once a frame.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const ACROSS = ["left", "center", "right"];
const UP = ["top", "middle"];

// The strokes of `frontend/src/chart/strokes.rs`, which begin at `at` in these numbers.
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
  ];
  while (at < numbers.length) {
    kinds[next()]();
  }
}

// A picture's numbers: the canvas's size in pixels, how many of them are one of CSS, where its pixels lie and how many
// of them are in a row; then its strokes.
function paint(shown, { numbers, pixels, words }) {
  const { context } = shown;
  const [width, height, ratio, left, top, across] = numbers;
  const size = [width, height, ratio].join();
  if (shown.size !== size) {
    shown.size = size;
    context.canvas.width = width;
    context.canvas.height = height;
    // Lasts until the next change of size. Set with every picture it took half of the time.
    context.font = `${(11 * ratio).toFixed(1)}px ${FONT}`;
  }
  context.clearRect(0, 0, width, height);
  if (pixels.length > 0) {
    context.putImageData(new ImageData(pixels, across), left, top);
  }
  draw(context, numbers, 6, words);
}

const canvases = new Map();
const waiting = new Map();

// A message brings a canvas under a number, or pictures for some, or a number alone whose canvas is not needed any more.
onmessage = ({ data: { id, canvas, pictures } }) => {
  if (canvas) {
    canvases.set(id, { context: canvas.getContext("2d"), size: "" });
  } else if (pictures) {
    if (waiting.size === 0) {
      requestAnimationFrame(paintAll);
    }
    pictures.forEach((picture) => waiting.set(picture.id, picture));
  } else {
    canvases.delete(id);
    waiting.delete(id);
  }
};

function paintAll() {
  const pictures = [...waiting.values()];
  waiting.clear();
  for (const picture of pictures) {
    paint(canvases.get(picture.id), picture);
  }
  const done = pictures.map(({ id, pixels, facts }) => ({ id, pixels, facts }));
  // They are shown when this frame's work is done.
  setTimeout(() => postMessage(done, pictures.map(({ pixels }) => pixels.buffer)));
}
