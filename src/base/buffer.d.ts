/** Methods that Node's Buffer has and `@types/node` leaves out: `toString` without the encoding look-up, 2 to 5 times faster. */
interface Buffer {
  utf8Slice(start?: number, end?: number): string;
  latin1Slice(start?: number, end?: number): string;
  utf8Write(text: string, offset?: number, length?: number): number;
  latin1Write(text: string, offset?: number, length?: number): number;
}
