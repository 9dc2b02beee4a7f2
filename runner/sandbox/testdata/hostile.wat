;; A guest that means harm. Made into hostile.wasm by: wat2wasm hostile.wat -o hostile.wasm
;; Its job's id is all zeros, as is the memory at 64.
(module
  (import "spacedrive" "spacedrive_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_log" (func $log (param i32 i32 i32)))
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "job_checkpoint" (func $checkpoint (param i32 i32 i32) (result i32)))
  (import "spacedrive" "job_load_checkpoint" (func $load_checkpoint (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))

  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 65536))
  (global $full (mut i32) (i32.const 0))
  (data (i32.const 0) "query:x")
  (data (i32.const 128) "no room")
  ;; names of jobs, which are their exports too, each 16 bytes
  (data (i32.const 256)
    "call            load            flood           deep_flood      vectors         too_many        poll            "
    "random          nothing         deep            ")

  ;; lies about sizes from 1000 to 1007
  (func (export "wasm_alloc") (param $size i32) (result i32)
    (local $ptr i32)
    (if (i32.eq (local.get $size) (i32.const 1000)) (then (return (i32.const 0))))
    (if (i32.eq (local.get $size) (i32.const 1001)) (then (return (i32.const -16))))
    (if (i32.eq (local.get $size) (i32.const 1002)) (then (return (i32.const 65536))))
    (if (i32.eq (local.get $size) (i32.const 1003)) (then (unreachable)))
    (if (i32.eq (local.get $size) (i32.const 1004))
      (then (return (call $call (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $size) (i32.const 1005)) (then (call $exit (i32.const 0))))
    (if (i32.eq (local.get $size) (i32.const 1006))
      (then (return (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))))
    (if (i32.eq (local.get $size) (i32.const 1007)) (then (global.set $full (i32.const 1))))
    (if (global.get $full) (then (return (i32.const 0))))
    (local.set $ptr (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get $size)))
    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (return (i32.const 0))))))
    (local.get $ptr))
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

  (func (export "nothing") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func $log_result (param $result i32)
    (if (local.get $result)
      (then (call $log (i32.const 1) (i32.add (local.get $result) (i32.const 4)) (i32.load (local.get $result))))
      (else (call $log (i32.const 3) (i32.const 128) (i32.const 7)))))
  (func (export "call") (param i32 i32 i32 i32) (result i32)
    (call $log_result (call $call (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0)))
    (i32.const 0))
  (func (export "load") (param i32 i32 i32 i32) (result i32)
    (call $log_result (call $load_checkpoint (i32.const 64)))
    (i32.const 0))

  ;; logs for ever
  (func (export "flood") (param i32 i32 i32 i32) (result i32)
    (loop $more (call $log (i32.const 1) (i32.const 0) (i32.const 7)) (br $more))
    (i32.const 0))
  ;; logs 2^60 times, without a loop
  (func $double (param $n i32)
    (if (i32.eqz (local.get $n)) (then (call $log (i32.const 1) (i32.const 0) (i32.const 7)) (return)))
    (call $double (i32.sub (local.get $n) (i32.const 1)))
    (call $double (i32.sub (local.get $n) (i32.const 1))))
  (func (export "deep_flood") (param i32 i32 i32 i32) (result i32) (call $double (i32.const 60)) (i32.const 0))

  ;; calls itself 2^60 times, without a loop or the host
  (func $twice (param $n i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (call $twice (i32.sub (local.get $n) (i32.const 1)))
    (call $twice (i32.sub (local.get $n) (i32.const 1))))
  (func (export "deep") (param i32 i32 i32 i32) (result i32) (call $twice (i32.const 60)) (i32.const 0))

  ;; prints a megabyte of 'x' 1024 times in one fd_write; answers how much of it was taken, in KiB
  (func $vectors (param $count i32) (result i32) (local $at i32)
    (drop (memory.grow (i32.const 32)))
    (memory.fill (i32.const 65536) (i32.const 120) (i32.const 1048576))
    (local.set $at (i32.const 8192))
    (loop $more
      (i32.store (local.get $at) (i32.const 65536))
      (i32.store offset=4 (local.get $at) (i32.const 1048576))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 16400))))
    (call $fd_write (i32.const 1) (i32.const 8192) (local.get $count) (i32.const 4096)))
  (func (export "vectors") (param i32 i32 i32 i32) (result i32)
    (if (call $vectors (i32.const 1024)) (then (return (i32.const -1))))
    (i32.shr_u (i32.load (i32.const 4096)) (i32.const 10)))
  (func (export "too_many") (param i32 i32 i32 i32) (result i32) (call $vectors (i32.const 1025)))

  ;; waits for the subscriptions its state is and keeps the events as a checkpoint; answers the errno
  (func (export "poll") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32) (local $errno i32)
    (local.set $errno
      (call $poll (local.get $s) (i32.const 16384) (i32.div_u (local.get $sl) (i32.const 48)) (i32.const 4096)))
    (if (local.get $errno) (then (return (local.get $errno))))
    (call $checkpoint (i32.const 64) (i32.const 16384) (i32.mul (i32.load (i32.const 4096)) (i32.const 32))))

  ;; fills its memory with random bytes for ever
  (func (export "random") (param i32 i32 i32 i32) (result i32)
    (loop $more
      (br_if $more (i32.eqz (call $random (i32.const 65536) (i32.const 65536)))))
    (i32.const 0))
)
