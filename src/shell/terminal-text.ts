import type { Output } from './printers/printer.ts';

/** C0 except tab and line feed, DEL, and C1. */
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
/**
 * What shows nothing of itself, but turns or hides what stands around it: marks of direction, joiners, breaks of lines and
 * paragraphs, fillers, tags. `exe.txt` must not read as `txt.exe`.
 */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f/gu;
/** Nothing of that kind is below. */
const BEYOND_LATIN = /[^\0-\xac\xae-\u02ff]/;
/** What ends a line or moves to the next column. */
const LAYOUT = /[\n\t]/g;
/** Unicode's pictures of C0 begin here, in the same order; DEL has its own. */
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/**
 * Text from the machine as a terminal may have it. File names and command lines are chosen by whoever made them: an
 * escape sequence in one must not move the cursor, colour the screen or answer for the keyboard. One cell stays one, but
 * for what takes none, which is written as JSON does: `\u202e`.
 */
export function visible(text: string): string {
  const shown = text.toWellFormed().replace(CONTROLS, (control) => {
    const code = control.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(PICTURES + code);
    return code === 0x7f ? PICTURE_OF_DELETE : '\ufffd';
  });
  return BEYOND_LATIN.test(shown) ? shown.replace(UNSEEN, escaped) : shown;
}

/** A cell of a table: its line breaks and tabs are its own, and must not draw rows or columns. */
export function visibleCell(text: string): string {
  return visible(text).replace(LAYOUT, (control) => String.fromCharCode(PICTURES + control.charCodeAt(0)));
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

export function visibleOutput(out: Output): Output {
  return { write: (text) => out.write(visible(text)), cell: visibleCell };
}
