import type { Output } from './printers/printer.ts';

/** C0 except tab and line feed, DEL, and C1. */
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Unicode's pictures of C0 begin here, in the same order; DEL has its own. */
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/**
 * Text from the machine as a terminal may have it. File names and command lines are chosen by whoever made them: an
 * escape sequence in one must not move the cursor, colour the screen or answer for the keyboard. One cell stays one.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(CONTROLS, (control) => {
    const code = control.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(PICTURES + code);
    return code === 0x7f ? PICTURE_OF_DELETE : '\ufffd';
  });
}

export function visibleOutput(out: Output): Output {
  return { write: (text) => out.write(visible(text)) };
}
