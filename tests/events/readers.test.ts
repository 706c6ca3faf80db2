import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesTable, withViews } from '../../src/events/readers.ts';

const table = { name: 'file_events', aliases: ['changes'] };

test('a statement names a table as it stands there, quoted or by another name', () => {
  for (const sql of [
    'select * from file_events',
    'SELECT * FROM FILE_EVENTS;',
    'select 1 from(select path from file_events)',
    'select * from main.file_events',
    'select * from "file_events"',
    'select * from `file_events`',
    'select * from [file_events]',
    'select * from changes',
    "select 'it''s' from file_events where path = '/*'",
    "select '--', path from file_events",
    "select \"it's\" from file_events where path like '%''%'",
    "select 1 -- it's\nfrom file_events",
    'select /* " */ path from file_events -- "',
  ]) {
    assert.ok(namesTable(sql, table), sql);
  }
});

test('nor in a text or a comment, nor as a part of another name', () => {
  for (const sql of [
    "select * from osquery_events where name = 'file_events'",
    "select * from osquery_events where name in ('', 'file_events', 'it''s file_events')",
    'select * from process_file_events',
    'select * from file_events_of_mine',
    'select 1 -- file_events',
    'select 1 /* from\nfile_events */',
    'select 1 /* file_events',
    "select 1 from t where a = 'file_events",
    "select '/*' as a, 'file_events', '*/'",
    'select exchanges from t',
    '',
  ]) {
    assert.ok(!namesTable(sql, table), sql);
  }
});

test('a statement reads what its views read, and theirs, whatever they name', () => {
  const views = new Map([
    ['inner', 'select * from file_events'],
    ['Outer', 'select * from "inner"'],
    ['other', 'select * from other'],
    ['unused', 'select * from changes'],
  ]);
  assert.ok(namesTable(withViews('select * from outer', views), table));
  assert.ok(namesTable(withViews('select * from OUTER', views), table));
  assert.ok(!namesTable(withViews('select * from other', views), table));
  assert.ok(!namesTable(withViews("select 'outer'", views), table));
  assert.equal(withViews('select 1', views), 'select 1');
});
