;; A guest that does not end by itself, in each way there is. Made into stop.wasm by: wat2wasm stop.wat -o stop.wasm
(module
  (import "spacedrive" "spacedrive_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (table funcref (elem $twice))
  (type $one (func (param i32)))
  (global $next (mut i32) (i32.const 65536))
  (global $stuck (mut i32) (i32.const 0))
  (data (i32.const 0) "query:x")
  ;; names of jobs, which are their exports too, each 16 bytes
  (data (i32.const 256)
    "tight           values          nested          table           calls           vectors         twice           "
    "mutual          indirect        alloc           fill            copy            count           ")

  (func (export "wasm_alloc") (param $size i32) (result i32)
    (if (global.get $stuck) (then (loop $again (br $again))))
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

  (func (export "tight") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) (i32.const 0))

  ;; a loop that takes values and leaves one
  (func (export "values") (param i32 i32 i32 i32) (result i32)
    (i32.const 1) (i64.const 2)
    (loop $again (param i32 i64) (result i32)
      (drop) (i64.const 3) (br_if $again (i32.const 1)) (drop)))

  (func (export "nested") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $outer
      (local.set $i (i32.const 1000))
      (loop $inner
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $inner (local.get $i)))
      (br $outer))
    (i32.const 0))

  ;; an interpreter, as state machines compile to
  (func (export "table") (param i32 i32 i32 i32) (result i32) (local $state i32)
    (loop $step
      (block $d (block $c (block $b (block $a
        (br_table $a $b $c $d (i32.and (local.get $state) (i32.const 3))))
        (local.set $state (i32.mul (local.get $state) (i32.const 5))) (local.set $state (i32.add (local.get $state) (i32.const 1))) (br $step))
        (local.set $state (i32.add (local.get $state) (i32.const 7))) (br $step))
        (local.set $state (i32.add (local.get $state) (i32.const 2))) (br $step))
      (local.set $state (i32.xor (local.get $state) (i32.const 9))) (br $step))
    (i32.const 0))

  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "calls") (param $i i32) (param i32 i32 i32) (result i32)
    (loop $again (local.set $i (call $leaf (local.get $i))) (br $again))
    (i32.const 0))

  (func (export "vectors") (param i32 i32 i32 i32) (result i32) (local $v v128)
    (loop $again
      (local.set $v (i16x8.add (local.get $v) (v128.const i32x4 0x03400340 0x0b03400b 1 2)))
      (v128.store (i32.const 1024) (i8x16.shuffle 0 3 4 11 12 3 4 5 6 7 8 9 10 11 12 13 (local.get $v) (local.get $v)))
      (local.set $v (v128.load8_lane 3 (i32.const 1024) (local.get $v)))
      (br $again))
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

  (func (export "indirect") (param i32 i32 i32 i32) (result i32)
    (call_indirect (type $one) (i32.const 60) (i32.const 0))
    (i32.const 0))

  ;; works on nearly 4 MB each time
  (func $grow (drop (memory.grow (i32.const 61))))
  (func (export "fill") (param i32 i32 i32 i32) (result i32)
    (call $grow)
    (loop $again (memory.fill (i32.const 4096) (i32.const 7) (i32.const 4000000)) (br $again))
    (i32.const 0))
  (func (export "copy") (param i32 i32 i32 i32) (result i32)
    (call $grow)
    (loop $again (memory.copy (i32.const 4096) (i32.const 4097) (i32.const 4000000)) (br $again))
    (i32.const 0))

  ;; is called for room, and never comes back
  (func (export "alloc") (param i32 i32 i32 i32) (result i32)
    (global.set $stuck (i32.const 1))
    (call $call (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0)))

  ;; ends, after ten million rounds
  (func (export "count") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 10000000))))
    (i32.ne (local.get $i) (i32.const 10000000)))
)
