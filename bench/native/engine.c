/*
** The same tables as bench/engine.ts behind a virtual table in C, under the machine's own SQLite: what an agent in C
** could reach. Prints a line a measurement: name, milliseconds (the best of five).
** cc -O2 -o engine engine.c -lsqlite3
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS 10

typedef struct { sqlite3_vtab base; } Table;
typedef struct { sqlite3_vtab_cursor base; sqlite3_int64 row, end; } Cursor;

static sqlite3_int64 rows_in_table;

static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **error) {
  (void)aux, (void)argc, (void)argv, (void)error;
  int code = sqlite3_declare_vtab(db, "CREATE TABLE x(id BIGINT, name TEXT, c2 BIGINT, c3 TEXT, c4 BIGINT, c5 TEXT, c6 BIGINT, c7 TEXT, c8 BIGINT, c9 TEXT)");
  if (code != SQLITE_OK) return code;
  *out = sqlite3_malloc(sizeof(Table));
  memset(*out, 0, sizeof(Table));
  return SQLITE_OK;
}
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
  (void)table;
  info->estimatedCost = 1e6;
  for (int i = 0; i < info->nConstraint; i++) {
    if (info->aConstraint[i].usable && info->aConstraint[i].iColumn == 0 && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ) {
      info->aConstraintUsage[i].argvIndex = 1;
      info->idxNum = 1;
      info->estimatedCost = 10;
      info->estimatedRows = 1;
      break;
    }
  }
  return SQLITE_OK;
}
static int disconnect(sqlite3_vtab *table) { sqlite3_free(table); return SQLITE_OK; }
static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out) {
  (void)table;
  *out = sqlite3_malloc(sizeof(Cursor));
  memset(*out, 0, sizeof(Cursor));
  return SQLITE_OK;
}
static int close_cursor(sqlite3_vtab_cursor *cursor) { sqlite3_free(cursor); return SQLITE_OK; }
static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv) {
  (void)text, (void)argc;
  Cursor *cursor = (Cursor *)base;
  cursor->row = number ? sqlite3_value_int64(argv[0]) : 0;
  cursor->end = number ? cursor->row + 1 : rows_in_table;
  return SQLITE_OK;
}
static int next(sqlite3_vtab_cursor *base) { ((Cursor *)base)->row++; return SQLITE_OK; }
static int eof(sqlite3_vtab_cursor *base) { return ((Cursor *)base)->row >= ((Cursor *)base)->end; }
static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i) {
  sqlite3_int64 row = ((Cursor *)base)->row;
  if (i % 2 == 0) sqlite3_result_int64(context, row + i);
  else {
    char text[32];
    int length = snprintf(text, sizeof text, "name-%d-%lld", i, (long long)row);
    sqlite3_result_text(context, text, length, SQLITE_TRANSIENT);
  }
  return SQLITE_OK;
}
static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) { *out = ((Cursor *)base)->row; return SQLITE_OK; }

static sqlite3_module module = {
    .xConnect = connect_table, .xBestIndex = best_index, .xDisconnect = disconnect, .xOpen = open_cursor, .xClose = close_cursor,
    .xFilter = filter, .xNext = next, .xEof = eof, .xColumn = column, .xRowid = rowid};

static volatile unsigned sink;

static void run(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, 0) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
  }
  int columns = sqlite3_column_count(statement);
  while (sqlite3_step(statement) == SQLITE_ROW)
    for (int i = 0; i < columns; i++) {
      const unsigned char *text = sqlite3_column_text(statement, i);
      if (text) sink += text[0] + sqlite3_column_bytes(statement, i);
    }
  sqlite3_finalize(statement);
}

static void measure(sqlite3 *db, const char *name, sqlite3_int64 rows, const char *sql, int times) {
  double best = 1e9;
  rows_in_table = rows;
  for (int k = 0; k < 5; k++) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < times; i++) run(db, sql);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double ms = (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6;
    if (ms < best) best = ms;
  }
  printf("%s\t%.3f\n", name, best);
}

int main(int argc, char **argv) {
  /* name, rows, times, sql in turn */
  sqlite3 *db;
  sqlite3_open(":memory:", &db);
  sqlite3_create_module(db, "sample", &module, 0);
  for (int i = 1; i + 3 < argc; i += 4) measure(db, argv[i], atoll(argv[i + 1]), argv[i + 3], atoi(argv[i + 2]));
  return 0;
}
