;; A guest for tests of the worker. Made into guest.wasm by: wat2wasm guest.wat -o guest.wasm
;; fill takes all the memory it may have, writes to each page of it, and calls action:test.hold.
;; again saves a checkpoint, calls query:test.old, logs the answer and fails; begun from its checkpoint it does not save
;; and completes. A test that wants a module of other behaviour has query:test.new in the place of query:test.old.
;; chat logs as many lines as its state has bytes.
(module
  (import "spacedrive" "spacedrive_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_log" (func $log (param i32 i32 i32)))
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "job_checkpoint" (func $checkpoint (param i32 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 4096))

  (data (i32.const 0) "fill")
  (data (i32.const 8) "again")
  (data (i32.const 16) "chat")
  (data (i32.const 32) "action:test.hold")
  (data (i32.const 64) "query:test.old")
  (data (i32.const 96) "saved")
  (data (i32.const 112) "1")

  ;; what is allocated stays in the first two pages
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (local $ptr i32)
    (local.set $ptr (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get $size)))
    (if (result i32) (i32.gt_u (global.get $next) (i32.const 131072))
      (then (i32.const 0))
      (else (local.get $ptr))))
  (func (export "wasm_free") (param i32 i32))

  (func (export "plugin_init") (result i32)
    (i32.or
      (i32.or
        (call $register (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 1))
        (call $register (i32.const 8) (i32.const 5) (i32.const 8) (i32.const 5) (i32.const 1)))
      (call $register (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 1))))

  (func (export "fill") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.const 131072))
    (block $full
      (loop $grow
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (loop $touch
          (i32.store (local.get $at) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 4096)))
          (br_if $touch (i32.and (local.get $at) (i32.const 0xffff))))
        (br $grow)))
    (drop (call $call (i32.const 32) (i32.const 16) (i32.const 0) (i32.const 112) (i32.const 1)))
    (i32.const 0))

  ;; where the 16 bytes of the job's id are put: parsed from ctx, which begins {"job_id":"xxxxxxxx-…"
  (func $nibble (param $c i32) (result i32)
    (if (result i32) (i32.ge_u (local.get $c) (i32.const 97))
      (then (i32.sub (local.get $c) (i32.const 87)))
      (else (i32.sub (local.get $c) (i32.const 48)))))
  (func $job_id (param $ctx i32) (result i32)
    (local $in i32) (local $out i32)
    (local.set $in (i32.add (local.get $ctx) (i32.const 11)))
    (local.set $out (i32.const 2048))
    (loop $byte
      (if (i32.eq (i32.load8_u (local.get $in)) (i32.const 45))
        (then (local.set $in (i32.add (local.get $in) (i32.const 1)))))
      (i32.store8 (local.get $out)
        (i32.or (i32.shl (call $nibble (i32.load8_u (local.get $in))) (i32.const 4))
                (call $nibble (i32.load8_u offset=1 (local.get $in)))))
      (local.set $in (i32.add (local.get $in) (i32.const 2)))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (br_if $byte (i32.lt_u (local.get $out) (i32.const 2064))))
    (i32.const 2048))

  (func (export "again") (param $ctx i32) (param $ctx_len i32) (param $state i32) (param $state_len i32) (result i32)
    (local $result i32) (local $resumed i32)
    (local.set $resumed
      (i32.and (i32.eq (local.get $state_len) (i32.const 5)) (i32.eq (i32.load8_u (local.get $state)) (i32.const 115))))
    (if (i32.eqz (local.get $resumed))
      (then (if (call $checkpoint (call $job_id (local.get $ctx)) (i32.const 96) (i32.const 5)) (then (return (i32.const 3))))))
    (local.set $result (call $call (i32.const 64) (i32.const 14) (i32.const 0) (i32.const 112) (i32.const 1)))
    (call $log (i32.const 1) (i32.add (local.get $result) (i32.const 4)) (i32.load (local.get $result)))
    (if (result i32) (local.get $resumed) (then (i32.const 0)) (else (i32.const 2))))

  (func (export "chat") (param $ctx i32) (param $ctx_len i32) (param $state i32) (param $state_len i32) (result i32)
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $state_len)))
        (call $log (i32.const 1) (i32.const 96) (i32.const 5))
        (local.set $state_len (i32.sub (local.get $state_len) (i32.const 1)))
        (br $more)))
    (i32.const 0)))
