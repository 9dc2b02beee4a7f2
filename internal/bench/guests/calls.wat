;; Calls of the host that need no bus, 20,000 a run: jobs "log", "progress" and "check"; "none" is the loop alone. The
;; job's id is all zeros, as is the memory at 256.
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_log" (func $log (param i32 i32 i32)))
  (import "spacedrive" "job_report_progress" (func $progress (param i32 f32 i32 i32)))
  (import "spacedrive" "job_check_interrupt" (func $check (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 4096))
  (data (i32.const 0) "log")
  (data (i32.const 16) "progress")
  (data (i32.const 32) "check")
  (data (i32.const 48) "none")
  (data (i32.const 64) "a line of the length that most lines of a log have")
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (global.get $next) (local.get $size)) (i32.const 0x7fff))))
  (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (i32.or
      (i32.or
        (call $register (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 0))
        (call $register (i32.const 16) (i32.const 8) (i32.const 16) (i32.const 8) (i32.const 0)))
      (i32.or
        (call $register (i32.const 32) (i32.const 5) (i32.const 32) (i32.const 5) (i32.const 0))
        (call $register (i32.const 48) (i32.const 4) (i32.const 48) (i32.const 4) (i32.const 0)))))

  (func (export "log") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $again
      (call $log (i32.const 1) (i32.const 64) (i32.const 50))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
    (i32.const 0))
  (func (export "progress") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $again
      (call $progress (i32.const 256) (f32.const 0.5) (i32.const 64) (i32.const 50))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
    (i32.const 0))
  (func (export "check") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $again
      (drop (call $check (i32.const 256)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
    (i32.const 0))
  (func (export "none") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $again
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
    (i32.const 0))
)
