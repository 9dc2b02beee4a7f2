;; Recursion without a loop: the Fibonacci numbers, the slow way. Job "fib".
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 4096))
  (data (i32.const 0) "fib")
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (global.get $next) (local.get $size)) (i32.const 0x7fff))))
  (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 0)))

  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func (export "fib") (param i32 i32 i32 i32) (result i32)
    (i32.ne (call $fib (i32.const 27)) (i32.const 196418)))
)
