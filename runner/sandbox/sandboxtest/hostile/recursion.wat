;; Recursion of each kind. Made into recursion.wasm by: wat2wasm recursion.wat -o recursion.wasm
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (type $one (func (param i32)))
  (type $none (func))
  (table funcref (elem $through $around))
  (global $next (mut i32) (i32.const 49152))
  ;; names of jobs, which are their exports too, each 16 bytes
  (data (i32.const 256)
    "twice           mutual          indirect        looping         way_back        up_and_down     "
    "endless         endless_table   endless_pair    endless_export  ")
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32) (local $name i32) (local $end i32)
    (local.set $name (i32.const 256))
    (loop $job
      (local.set $end (local.get $name))
      (loop $char
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br_if $char (i32.ne (i32.load8_u (local.get $end)) (i32.const 32))))
      (if (call $register (local.get $name) (i32.sub (local.get $end) (local.get $name))
            (local.get $name) (i32.sub (local.get $end) (local.get $name)) (i32.const 1))
        (then (return (i32.const 1))))
      (local.set $name (i32.add (local.get $name) (i32.const 16)))
      (br_if $job (i32.load8_u (local.get $name))))
    (i32.const 0))

  ;; 2^60 calls, without a loop or the host
  (func $twice (param $n i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (call $twice (i32.sub (local.get $n) (i32.const 1)))
    (call $twice (i32.sub (local.get $n) (i32.const 1))))
  (func (export "twice") (param i32 i32 i32 i32) (result i32) (call $twice (i32.const 60)) (i32.const 0))

  (func $ping (param $n i32)
    (if (local.get $n) (then (call $pong (i32.sub (local.get $n) (i32.const 1))) (call $pong (i32.sub (local.get $n) (i32.const 1))))))
  (func $pong (param $n i32)
    (if (local.get $n) (then (call $ping (i32.sub (local.get $n) (i32.const 1))) (call $ping (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "mutual") (param i32 i32 i32 i32) (result i32) (call $ping (i32.const 1000)) (i32.const 0))

  (func $through (type $one)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call_indirect (type $one) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
    (call_indirect (type $one) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
  (func (export "indirect") (param i32 i32 i32 i32) (result i32)
    (call_indirect (type $one) (i32.const 60) (i32.const 0))
    (i32.const 0))

  ;; with a loop that has its round between the calls
  (func $looping (param $n i32)
    (loop $again
      (if (i32.eqz (local.get $n)) (then (return)))
      (call $looping (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
      (br $again)))
  (func (export "looping") (param i32 i32 i32 i32) (result i32) (call $looping (i32.const 60)) (i32.const 0))

  ;; goes deep, and does most of its work on the way back, again and again
  (func $deep (param $n i32) (result i64) (local $x i64)
    (if (i32.eqz (local.get $n)) (then (return (i64.const 1))))
    (local.set $x (call $deep (i32.sub (local.get $n) (i32.const 1))))
    (local.set $x (i64.div_u (i64.const 0x7fffffffffffffff) (i64.or (local.get $x) (i64.const 1))))
    (local.set $x (i64.div_u (i64.const 0x7ffffffffffffff1) (i64.or (local.get $x) (i64.const 1))))
    (i64.add (local.get $x) (i64.load (i32.and (i32.mul (local.get $n) (i32.const 4096)) (i32.const 0x7fff)))))
  (func (export "way_back") (param i32 i32 i32 i32) (result i32)
    (loop $again (drop (call $deep (i32.const 20000))) (br $again))
    (i32.const 0))

  ;; the same with nothing to do
  (func $down (param $n i32)
    (if (local.get $n) (then (call $down (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "up_and_down") (param i32 i32 i32 i32) (result i32)
    (loop $again (call $down (i32.const 20000)) (br $again))
    (i32.const 0))

  ;; calls itself for ever
  (func $endless (param i32) (result i32) (i32.add (call $endless (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "endless") (param i32 i32 i32 i32) (result i32) (call $endless (i32.const 0)))
  (func $around (call_indirect (type $none) (i32.const 1)))
  (func (export "endless_table") (param i32 i32 i32 i32) (result i32) (call $around) (i32.const 0))
  (func $one_way (call $other_way) (call $other_way))
  (func $other_way (call $one_way) (call $one_way))
  (func (export "endless_pair") (param i32 i32 i32 i32) (result i32) (call $one_way) (i32.const 0))
  (func (export "endless_export") (param i32 i32 i32 i32) (result i32) (call $itself (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func $itself (param i32 i32 i32 i32) (result i32)
    (i32.add (call $itself (local.get 3) (local.get 2) (local.get 1) (local.get 0)) (local.get 0)))
)
