/** Lines over seconds as SVG, for docs. */

export interface Line {
  readonly name: string;
  /** One value a second. */
  readonly values: Float64Array;
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Frame {
  /** Second of the first value. */
  readonly from: number;
  /** Seconds between which the ground is darker. */
  readonly shaded: readonly [number, number];
  readonly unit: string;
}

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 70;
const TOP = 34;
const BOTTOM = 34;
/** Seconds of one point; it shows the highest of them. */
const BIN = 15;
const DECADES = 6;
const COLOURS = ['#c0392b', '#1f6fb2'];

/** Panels below each other, values on a logarithmic scale: what matters is between 1 and 1,000,000. */
export function plot(panels: readonly Panel[], frame: Frame): string {
  const height = panels.length * HEIGHT;
  const all = panels.map((panel, i) => `<g transform="translate(0 ${i * HEIGHT})">${drawn(panel, frame)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${frame.unit} over time: ${panels.map(({ title }) => title).join('; ')}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${all.join('\n')}
</svg>
`;
}

function drawn({ title, lines }: Panel, { from, shaded, unit }: Frame): string {
  const seconds = lines[0]!.values.length;
  const x = (second: number) => (LEFT + ((second - from) / seconds) * (WIDTH - LEFT - 12)).toFixed(1);
  const y = (value: number) =>
    (HEIGHT - BOTTOM - (Math.log10(Math.max(1, value)) / DECADES) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const parts = [`<text x="${LEFT}" y="20" font-size="14">${title}</text>`];
  const [dark, light] = shaded.map(x);
  parts.push(
    `<rect x="${dark}" y="${TOP}" width="${Number(light) - Number(dark)}" height="${HEIGHT - TOP - BOTTOM}" fill="#eee"/>`,
  );
  for (let decade = 0; decade <= DECADES; decade++) {
    const at = y(10 ** decade);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${at}" y2="${at}" stroke="#ccc"/>`);
    parts.push(
      `<text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end">${(10 ** decade).toLocaleString('en')}</text>`,
    );
  }
  for (let minute = Math.ceil(from / 900) * 15; minute * 60 <= from + seconds; minute += 15) {
    const label = `<text x="${x(minute * 60)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${minute} min</text>`;
    parts.push(label);
  }
  parts.push(
    `<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle">${unit}</text>`,
  );
  lines.forEach(({ name, values }, i) => {
    const points: string[] = [];
    for (let at = 0; at < values.length; at += BIN) {
      points.push(`${x(from + at)},${y(Math.max(...values.subarray(at, at + BIN)))}`);
    }
    const colour = COLOURS[i];
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`);
    parts.push(`<text x="${WIDTH - 12}" y="${20 + i * 14}" text-anchor="end" fill="${colour}">${name}</text>`);
  });
  return parts.join('\n');
}
