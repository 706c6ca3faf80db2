import type { FunctionSet } from '../sqlite/functions.ts';
import { encodingFunctions } from './encoding.ts';
import { hashFunctions } from './hashes.ts';
import { mathFunctions } from './math.ts';
import { type NetworkOptions, networkFunctions } from './network.ts';
import { type OperationOptions, operationAggregates, operationFunctions } from './operations.ts';
import { type PathOptions, pathFunctions } from './paths.ts';
import { type RegexOptions, regexFunctions } from './regex.ts';
import { statisticsAggregates } from './statistics.ts';
import { stringFunctions } from './strings.ts';
import { versionCollations, versionFunctions } from './versions.ts';

export interface FunctionOptions extends NetworkOptions, OperationOptions, PathOptions, RegexOptions {}

/**
 * What SQL has beyond SQLite's own functions. One of the same name and number of arguments takes the place of SQLite's,
 * because osquery's answers differ there (`log(10)`, `ceil(1.2)`).
 */
export function functions(options: FunctionOptions = {}): FunctionSet {
  return {
    scalars: [
      ...mathFunctions,
      ...stringFunctions,
      ...regexFunctions(options),
      ...versionFunctions,
      ...hashFunctions,
      ...encodingFunctions,
      ...networkFunctions(options),
      ...pathFunctions(options),
      ...operationFunctions(options),
    ],
    aggregates: [...statisticsAggregates, ...operationAggregates(options)] as FunctionSet['aggregates'],
    collations: versionCollations,
  };
}
