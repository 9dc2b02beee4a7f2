;; Tight loops: one that counts, and one that draws pseudo-random numbers (xorshift). Job "loop" does both.
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 4096))
  (data (i32.const 0) "loop")
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (global.get $next) (local.get $size)) (i32.const 0x7fff))))
  (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 0)))

  (func $count (param $n i32) (result i32) (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i))

  (func $xorshift (param $n i32) (result i64) (local $x i64)
    (local.set $x (i64.const 88172645463325252))
    (loop $again
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
      (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (local.get $x))

  (func (export "loop") (param i32 i32 i32 i32) (result i32)
    (if (i32.ne (call $count (i32.const 5000000)) (i32.const 5000000)) (then (return (i32.const 2))))
    (i64.eqz (call $xorshift (i32.const 3000000))))
)
