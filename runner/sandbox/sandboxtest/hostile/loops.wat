;; Loops of each kind. Made into loops.wasm by: wat2wasm loops.wat -o loops.wasm
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 49152))
  ;; names of jobs, which are their exports too, each 16 bytes
  (data (i32.const 256)
    "tight           values          nested          left            states          calls           "
    "loops_called    ")
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

  (func (export "tight") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) (i32.const 0))

  ;; takes values and leaves one
  (func (export "values") (param i32 i32 i32 i32) (result i32)
    (i32.const 1) (i64.const 2)
    (loop $again (param i32 i64) (result i32)
      (drop) (i64.const 3) (br_if $again (i32.const 1)) (drop)))

  (func (export "nested") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $outer
      (local.set $i (i32.const 3))
      (loop $inner
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $inner (local.get $i)))
      (br $outer))
    (i32.const 0))

  ;; is left by the inner one, each time
  (func (export "left") (param i32 i32 i32 i32) (result i32) (local $i i32)
    (loop $outer
      (loop $inner
        (br_if $outer (local.tee $i (i32.xor (local.get $i) (i32.const 1))))
        (br_table $inner $outer $inner (i32.and (local.get $i) (i32.const 1)))))
    (i32.const 0))

  ;; jumps where no processor foresees it
  (func (export "states") (param i32 i32 i32 i32) (result i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $step
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (block $d (block $c (block $b (block $a
        (br_table $a $b $c $d $step (i32.shr_u (local.get $x) (i32.const 29))))
        (local.set $x (i32.mul (local.get $x) (i32.const 5))) (br $step))
        (local.set $x (i32.add (local.get $x) (i32.const 7))) (br $step))
        (local.set $x (i32.add (local.get $x) (i32.const 2))) (br $step))
      (local.set $x (i32.xor (local.get $x) (i32.const 9))) (br $step))
    (i32.const 0))

  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "calls") (param i32 i32 i32 i32) (result i32)
    (loop $again (local.set 0 (call $leaf (local.get 0))) (br $again))
    (i32.const 0))

  ;; a loop in another function, over and over
  (func $short (local $i i32)
    (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2)))))
  (func (export "loops_called") (param i32 i32 i32 i32) (result i32)
    (loop $again (call $short) (br $again))
    (i32.const 0))
)
