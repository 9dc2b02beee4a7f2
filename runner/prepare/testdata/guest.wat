;; wat2wasm guest.wat -o guest.wasm
;;
;; A guest with something of all that preparing changes: TestFormat notices when that comes out otherwise.
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1 16)
  (table 2 funcref)
  (elem (i32.const 0) $small $deep)
  (global $next (mut i32) (i32.const 1024))
  (global $long (mut i64) (i64.const 1))
  (global $float (mut f64) (f64.const 1))
  (data (i32.const 16) "countexecute_count")
  (data $later "passive")

  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func (export "wasm_free") (param i32 i32))

  (func (export "_initialize")
    (global.set $long (i64.const 0x1234567890))
    (global.set $float (f64.const 0.5))
    (drop (memory.grow (i32.const 1)))
    (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 64)))
    (i64.store (i32.const 64) (i64.const 0)))

  (func (export "plugin_init") (result i32)
    (memory.fill (i32.const 70000) (i32.const 7) (i32.const 100))
    (call $log (i32.const 1) (i32.const 16) (i32.const 5))
    (call $register (i32.const 16) (i32.const 5) (i32.const 21) (i32.const 13) (i32.const 1)))

  (func $small (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
      (else (i32.const 0))))

  (func (export "execute_count") (param i32 i32 i32 i32) (result i32)
    (local $i i32)
    (memory.init $later (i32.const 32) (i32.const 0) (i32.const 7))
    (memory.copy (i32.const 64) (i32.const 32) (i32.const 7))
    (loop $tight
      (br_if $tight (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (loop $calling
      (local.set $i (call_indirect (param i32) (result i32) (local.get $i) (i32.const 0)))
      (br_if $calling (i32.lt_u (call $small (local.get $i)) (i32.const 200))))
    (block $one
      (block $two
        (br_table $one $two (local.get $i)))
      (drop (call $deep (i32.const 10))))
    (i32.const 0)))
