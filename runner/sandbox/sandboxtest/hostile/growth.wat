;; Growing memory, and what comes of having more of it. Made into growth.wasm by: wat2wasm growth.wat -o growth.wasm
(module
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 49152))
  ;; names of jobs, which are their exports too, each 16 bytes
  (data (i32.const 256)
    "trap_at_limit   at_once         beyond          refused         hoard           touch_all       "
    "settle_and_grow every_other     random_reads    ")
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

  ;; to the limit, then one more
  (func (export "trap_at_limit") (param i32 i32 i32 i32) (result i32)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (unreachable))
  (func (export "at_once") (param i32 i32 i32 i32) (result i32)
    (if (i32.eq (memory.grow (i32.const 65535)) (i32.const -1)) (then (unreachable)))
    (i32.const 0))
  (func (export "beyond") (param i32 i32 i32 i32) (result i32)
    (if (i32.eq (memory.grow (i32.const -1)) (i32.const -1)) (then (unreachable)))
    (i32.const 0))
  (func (export "refused") (param i32 i32 i32 i32) (result i32)
    (loop $more (drop (memory.grow (i32.const 60000))) (br $more))
    (i32.const 0))

  ;; grows by nothing, often, to be given fuel each time; then loops
  (func (export "hoard") (param i32 i32 i32 i32) (result i32) (local $n i32)
    (loop $more
      (drop (memory.grow (i32.const 0)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 30000))))
    (loop $again (br $again))
    (i32.const 0))

  ;; touches one page after the other, from $from to $to
  (func $touch (param $from i32) (param $to i32)
    (loop $more
      (i32.store (local.get $from) (i32.const 1))
      (br_if $more (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 4096))) (local.get $to)))))

  ;; has a little memory, and suddenly much
  (func (export "touch_all") (param i32 i32 i32 i32) (result i32)
    (drop (memory.grow (i32.const 8191)))
    (call $touch (i32.const 65536) (i32.const 0x20000000))
    (loop $again (br $again))
    (i32.const 0))

  ;; runs in 4 MB until all is in place, and then grows
  (func (export "settle_and_grow") (param i32 i32 i32 i32) (result i32) (local $n i32)
    (drop (memory.grow (i32.const 63)))
    (call $touch (i32.const 65536) (i32.const 0x400000))
    (loop $wait (br_if $wait (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20000000))))
    (drop (memory.grow (i32.const 8128)))
    (call $touch (i32.const 0x400000) (i32.const 0x20000000))
    (loop $again (br $again))
    (i32.const 0))

  ;; touches every other page, so that those in place are in as many pieces as can be
  (func (export "every_other") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (drop (memory.grow (i32.const 8191)))
    (local.set $at (i32.const 65536))
    (loop $more
      (i32.store (local.get $at) (i32.const 1))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8192))) (i32.const 0x20000000))))
    (loop $again (br $again))
    (i32.const 0))

  ;; reads all over the memory, where no cache has it
  (func (export "random_reads") (param i32 i32 i32 i32) (result i32) (local $x i32)
    (drop (memory.grow (i32.const 8191)))
    (call $touch (i32.const 65536) (i32.const 0x20000000))
    (local.set $x (i32.const 1))
    (loop $more
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.load (i32.and (local.get $x) (i32.const 0x1ffffffc)))))
      (local.set $x (i32.add (local.get $x) (i32.const 1013904223)))
      (br $more))
    (i32.const 0))
)
