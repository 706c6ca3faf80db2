import type { Column, ColumnType, Platform } from '../../schema/columns.ts';
import type { AnyTable } from '../../schema/table.ts';

/** One column as SQLite numbers them: the declared ones in order, then their aliases. */
export interface LayoutColumn {
  /** Name in the rows of the table; an alias has the name of the column it stands for. */
  readonly source: string;
  readonly sqlName: string;
  readonly type: ColumnType;
  readonly hidden: boolean;
  /** Constraints on it reach the table. */
  readonly pushable: boolean;
  readonly required: boolean;
  readonly ordinal: boolean;
  readonly index: boolean;
  readonly optimized: boolean;
}

/** A table as the engine needs it, computed once when it is first used. */
export interface Layout {
  readonly table: AnyTable;
  readonly columns: readonly LayoutColumn[];
  readonly required: readonly string[];
  /** `CREATE TABLE …` for `sqlite3_declare_vtab`; what `.schema` prints. */
  readonly ddl: string;
}

/** SQLite's spelling: UNSIGNED BIGINT, two words, still has INTEGER affinity. */
const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  TEXT: 'TEXT',
  INTEGER: 'INTEGER',
  BIGINT: 'BIGINT',
  UNSIGNED_BIGINT: 'UNSIGNED BIGINT',
  DOUBLE: 'DOUBLE',
  BLOB: 'BLOB',
};

export function layoutOf(table: AnyTable, platform: Platform): Layout {
  const declared = Object.entries(table.columns as Record<string, Column>);
  const columns: LayoutColumn[] = [];
  const definitions: string[] = [];
  const add = (sqlName: string, source: string, column: Column, hidden: boolean) => {
    const { options, type } = column;
    const collate = options.collate === undefined ? '' : ` COLLATE ${options.collate.toUpperCase()}`;
    // SQLite finds HIDDEN in the type, so it stands before COLLATE.
    definitions.push(`\`${sqlName}\` ${SQL_TYPE[type]}${hidden ? ' HIDDEN' : ''}${collate}`);
    columns.push({
      source,
      sqlName,
      type,
      hidden,
      pushable: Boolean(
        options.required || options.index || options.additional || options.ordinal || options.optimized,
      ),
      required: options.required === true,
      ordinal: options.ordinal === true,
      index: options.index === true,
      optimized: options.optimized === true,
    });
  };
  for (const [name, column] of declared) {
    const elsewhere = column.options.platforms !== undefined && !column.options.platforms.includes(platform);
    add(name, name, column, elsewhere || column.options.hidden === true);
  }
  for (const [name, column] of declared) {
    for (const alias of column.options.aliases ?? []) add(alias, name, column, true);
  }
  return {
    table,
    columns,
    required: declared.filter(([, column]) => column.options.required).map(([name]) => name),
    ddl: `CREATE TABLE ${table.name}(${definitions.join(', ')})`,
  };
}
