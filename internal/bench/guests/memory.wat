;; Work on memory, in job "sweep": sweeps of loads and stores over 1 to 8 MB, and memory.fill and memory.copy of many sizes.
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 160)
  (global $next (mut i32) (i32.const 4096))
  (data (i32.const 0) "sweep")
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (global.get $next) (local.get $size)) (i32.const 0x7fff))))
  (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 5) (i32.const 0)))

  ;; adds one to each word of what begins at 1 MB, and the words up
  (func $sweep (param $length i32) (result i64) (local $at i32) (local $end i32) (local $sum i64)
    (local.set $at (i32.const 0x100000))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $again (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $sum))

  ;; fills and copies pieces of a length, 1 MB of them together
  (func $pieces (param $length i32) (local $done i32)
    (loop $again
      (memory.fill (i32.add (i32.const 0x100000) (local.get $done)) (local.get $done) (local.get $length))
      (memory.copy (i32.add (i32.const 0x400000) (local.get $done)) (i32.add (i32.const 0x100000) (local.get $done)) (local.get $length))
      (local.set $done (i32.add (local.get $done) (local.get $length)))
      (br_if $again (i32.lt_u (local.get $done) (i32.const 0x100000)))))

  (func (export "sweep") (param i32 i32 i32 i32) (result i32)
    (drop (call $sweep (i32.const 0x100000)))
    (drop (call $sweep (i32.const 0x200000)))
    (drop (call $sweep (i32.const 0x400000)))
    (drop (call $sweep (i32.const 0x800000)))
    (call $pieces (i32.const 16))
    (call $pieces (i32.const 256))
    (call $pieces (i32.const 4096))
    (call $pieces (i32.const 65536))
    (call $pieces (i32.const 1048576))
    (memory.fill (i32.const 0x100000) (i32.const 0) (i32.const 0x800000))
    (memory.copy (i32.const 0x500000) (i32.const 0x100000) (i32.const 0x400000))
    (i32.const 0))
)
