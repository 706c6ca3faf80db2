/** What loggers do with files. Every method throws an error that names path and reason. */
export interface LogFiles {
  /**
   * Appends to a file, made if it is not there, that has `mode` from then on. All of the texts or nothing: a disk that fills
   * up leaves no half of a line; and a line that somebody left unfinished is ended first. The file is opened each time, so
   * that a program which moves it away (`logrotate(8)`) needs to tell nobody.
   */
  append(path: string, texts: Iterable<string>, mode: number): void;
  /** Whether `append` has thrown this because somebody else could have put there what is at the path. */
  isForeign(cause: unknown): boolean;
  /** Bytes; 0 where there is none. */
  size(path: string): number;
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Compresses a file with zstd into another, which is there when it is whole; the first is removed then. */
  compress(from: string, to: string): Promise<void>;
  /** Makes `path` a link to `target`, whatever it was before. */
  link(target: string, path: string): void;
}
