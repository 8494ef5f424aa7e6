// Grey PNG of 16 bits as one of 8, scaled by the range of its values as the workbench scales it: browsers cut such files
// to their high bytes, which leaves a dark scan black. What else the file says (colours, orientation) stays in it.
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const GREY_AND_ALPHA = 4;
const WHOLE = [[0, 0, 1, 1]];
// First column and row of each pass of Adam7, and the steps between them.
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
const KEPT = ["cICP", "iCCP", "sRGB", "gAMA", "cHRM", "eXIf"];

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});

/** The file itself, unless it is such a PNG of at most so many pixels. */
export async function eightBits(blob, maxPixels) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const chunks = SIGNATURE.every((byte, at) => bytes[at] === byte) ? chunksOf(bytes) : [];
  const header = chunks.find(({ kind }) => kind === "IHDR")?.body;
  if (!header || header[8] !== 16 || header[9] !== GREY) return blob;
  const view = new DataView(header.buffer, header.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (width * height > maxPixels) return blob;
  const packed = new Blob(chunks.filter(({ kind }) => kind === "IDAT").map(({ body }) => body));
  const grey = levels(await inflated(packed), width, height, header[12] ? ADAM7 : WHOLE);
  const clear = chunks.find(({ kind, body }) => kind === "tRNS" && body.length === 2)?.body;
  const rows = scaled(grey, width, height, clear && 256 * clear[0] + clear[1]);
  const made = Uint8Array.from(header);
  made.set([8, clear ? GREY_AND_ALPHA : GREY, 0, 0, 0], 8);
  const pixels = await through(new Blob([rows]), new CompressionStream("deflate"));
  const rest = chunks.filter(({ kind }) => KEPT.includes(kind)).map(({ kind, body }) => chunk(kind, body));
  return new Blob([
    Uint8Array.from(SIGNATURE), chunk("IHDR", made), ...rest, chunk("IDAT", pixels), chunk("IEND", new Uint8Array()),
  ]);
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer);
  const chunks = [];
  for (let at = SIGNATURE.length, length; at + 8 <= bytes.length; at += 12 + length) {
    length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ kind, body: bytes.subarray(at + 8, at + 8 + length) });
  }
  return chunks;
}

async function through(blob, stream) {
  return new Uint8Array(await new Response(blob.stream().pipeThrough(stream)).arrayBuffer());
}

// As far as it goes: of a file that was broken off, all rows may be there.
async function inflated(blob) {
  const parts = [];
  const reader = blob.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  } catch {}
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// The values, after each row's filter is undone; an array that is too short means rows that are not there.
function levels(raw, width, height, passes) {
  const grey = new Uint16Array(width * height);
  let from = 0;
  for (const [left, top, across, down] of passes) {
    const length = 2 * Math.ceil((width - left) / across);
    if (length <= 0) continue;
    let above = new Uint8Array(length);
    for (let y = top; y < height; y += down) {
      if (from + length >= raw.length) throw new RangeError("rows are missing");
      const row = raw.subarray(from + 1, from + 1 + length);
      unfilter(FILTERS[raw[from]], row, above);
      for (let x = left, at = 0; x < width; x += across, at += 2) grey[y * width + x] = 256 * row[at] + row[at + 1];
      above = row;
      from += 1 + length;
    }
  }
  return grey;
}

// What each kind of filter has taken off a byte.
const FILTERS = [
  () => 0,
  (left) => left,
  (left, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const [fromLeft, fromUp, fromCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
    if (fromLeft <= fromUp && fromLeft <= fromCorner) return left;
    return fromUp <= fromCorner ? up : corner;
  },
];

// In place; two bytes a pixel.
function unfilter(filter, row, above) {
  for (let at = 0; at < row.length; at++) {
    row[at] += filter(row[at - 2] ?? 0, above[at], above[at - 2] ?? 0);
  }
}

// Rows of 8 bits without a filter, with alpha where one value is clear.
function scaled(grey, width, height, clear) {
  let peak = 0;
  for (const value of grey) if (value > peak) peak = value;
  const scale = Math.fround(255 / (2 ** Math.max(8, 32 - Math.clz32(peak)) - 1));
  const each = clear === undefined ? 1 : 2;
  const rows = new Uint8Array(height * (1 + each * width));
  for (let y = 0, at = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++, at++) {
      rows[to++] = toEven(Math.fround(grey[at] * scale));
      if (each === 2) rows[to++] = grey[at] === clear ? 0 : 255;
    }
  }
  return rows;
}

function toEven(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 ? whole - 1 : whole;
}

function chunk(kind, body) {
  const made = new Uint8Array(12 + body.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, body.length);
  for (let at = 0; at < 4; at++) made[4 + at] = kind.charCodeAt(at);
  made.set(body, 8);
  let sum = ~0;
  for (let at = 4; at < 8 + body.length; at++) sum = CRC[(sum ^ made[at]) & 255] ^ (sum >>> 8);
  view.setUint32(8 + body.length, ~sum);
  return made;
}
