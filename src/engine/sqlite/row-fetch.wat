;; Steps a statement through many rows with one call from JavaScript, and puts the text of their cells one behind the other:
;; a call for each cell, and a string made of each, cost more than SQLite takes to find the row.
(module
  (import "sqlite" "memory" (memory 1))
  (import "sqlite" "sqlite3_step" (func $step (param $statement i32) (result i32)))
  (import "sqlite" "sqlite3_column_type" (func $type (param $statement i32) (param $column i32) (result i32)))
  (import "sqlite" "sqlite3_column_text" (func $text (param $statement i32) (param $column i32) (result i32)))
  (import "sqlite" "sqlite3_column_bytes" (func $bytes (param $statement i32) (param $column i32) (result i32)))

  ;; What the last call did: rows written, bytes of text written, whether any of these is NUL or beyond ASCII.
  (global $rows (export "rows") (mut i32) (i32.const 0))
  (global $used (export "used") (mut i32) (i32.const 0))
  (global $special (export "special") (mut i32) (i32.const 0))

  ;; Writes up to `most` rows of `columns` cells: into `cells` for each 8 x length + type (a NULL's length is 0), into
  ;; `buffer`, of `capacity` bytes, their text. SQLite's code of the last step; or -1 if a row has no room, which the
  ;; statement then stands on: the next call writes it if `stepped` is 1.
  (func (export "fetch")
    (param $statement i32) (param $columns i32) (param $stepped i32) (param $most i32)
    (param $cells i32) (param $buffer i32) (param $capacity i32)
    (result i32)
    (local $code i32) (local $column i32) (local $type i32)
    (local $row i32) (local $at i32) (local $limit i32)
    (local $from i32) (local $length i32) (local $end i32)
    (local $word i64) (local $seen i64)
    (global.set $rows (i32.const 0))
    (local.set $at (local.get $buffer))
    (local.set $limit (i32.add (local.get $buffer) (local.get $capacity)))
    (block $done
      (loop $next_row
        (local.set $row (local.get $at))
        (br_if $done (i32.ge_u (global.get $rows) (local.get $most)))
        (if (local.get $stepped)
          (then (local.set $stepped (i32.const 0)))
          (else
            (local.set $code (call $step (local.get $statement)))
            ;; SQLITE_ROW
            (br_if $done (i32.ne (local.get $code) (i32.const 100)))))
        (local.set $column (i32.const 0))
        (block $row_written
          (loop $next_cell
            (br_if $row_written (i32.ge_u (local.get $column) (local.get $columns)))
            (local.set $type (call $type (local.get $statement) (local.get $column)))
            (local.set $length (i32.const 0))
            ;; SQLITE_NULL
            (if (i32.ne (local.get $type) (i32.const 5))
              (then
                (local.set $from (call $text (local.get $statement) (local.get $column)))
                (local.set $length (call $bytes (local.get $statement) (local.get $column)))
                (if (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $at)))
                  (then
                    (local.set $at (local.get $row))
                    (local.set $code (i32.const -1))
                    (br $done)))
                (local.set $end (i32.add (local.get $at) (local.get $length)))
                ;; Of eight bytes, or one, those with the highest bit are beyond ASCII; less one, NULs have it, too.
                (block $no_eight
                  (loop $eight
                    (br_if $no_eight (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $end)))
                    (local.set $word (i64.load align=1 (local.get $from)))
                    (i64.store align=1 (local.get $at) (local.get $word))
                    (local.set $seen
                      (i64.or
                        (i64.or (local.get $seen) (local.get $word))
                        (i64.sub (local.get $word) (i64.const 0x0101010101010101))))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (local.set $from (i32.add (local.get $from) (i32.const 8)))
                    (br $eight)))
                (block $no_one
                  (loop $one
                    (br_if $no_one (i32.ge_u (local.get $at) (local.get $end)))
                    (local.set $word (i64.load8_u (local.get $from)))
                    (i64.store8 (local.get $at) (local.get $word))
                    (local.set $seen
                      (i64.or
                        (i64.or (local.get $seen) (local.get $word))
                        (i64.and (i64.sub (local.get $word) (i64.const 1)) (i64.const 0x80))))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $from (i32.add (local.get $from) (i32.const 1)))
                    (br $one)))))
            (i32.store (local.get $cells)
              (i32.or (i32.shl (local.get $length) (i32.const 3)) (local.get $type)))
            (local.set $cells (i32.add (local.get $cells) (i32.const 4)))
            (local.set $column (i32.add (local.get $column) (i32.const 1)))
            (br $next_cell)))
        (global.set $rows (i32.add (global.get $rows) (i32.const 1)))
        (br $next_row)))
    (global.set $used (i32.sub (local.get $at) (local.get $buffer)))
    (global.set $special (i64.ne (i64.and (local.get $seen) (i64.const 0x8080808080808080)) (i64.const 0)))
    (local.get $code)))
