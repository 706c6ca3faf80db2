import type { OptionValues } from '../config/option-values.ts';
import { storeFiles, unsafeStoreFiles } from '../host/linux/store-files.ts';
import type { StoreFiles } from '../store/store.ts';

/** How the files of the store are made and looked at: `--allow_unsafe` takes those of others, too. */
export function storeFilesOf(options: OptionValues): StoreFiles {
  return options.bool('allow_unsafe') ? unsafeStoreFiles : storeFiles;
}

/** Makes a file that only we may read, if there is none; why that cannot be: the disk is full, or there is one of somebody else. */
export function createFile(options: OptionValues, path: string): string | undefined {
  try {
    storeFilesOf(options).create(path);
    return undefined;
  } catch (cause) {
    return (cause as Error).message;
  }
}
