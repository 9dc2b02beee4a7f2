;; A guest for tests. Made into guest.wasm by: wat2wasm guest.wat -o guest.wasm
;; Each job does one thing; what it needs beyond that it takes from its state.
(module
  (import "spacedrive" "spacedrive_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_call_many" (func $call_many (param i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_log" (func $log (param i32 i32 i32)))
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "job_report_progress" (func $progress (param i32 f32 i32 i32)))
  (import "spacedrive" "job_checkpoint" (func $checkpoint (param i32 i32 i32) (result i32)))
  (import "spacedrive" "job_load_checkpoint" (func $load_checkpoint (param i32) (result i32)))
  (import "spacedrive" "job_check_interrupt" (func $check_interrupt (param i32) (result i32)))
  (import "spacedrive" "job_add_warning" (func $warn (param i32 i32 i32)))
  (import "spacedrive" "job_increment_items" (func $items (param i32 i64)))
  (import "spacedrive" "job_increment_bytes" (func $bytes (param i32 i64)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 4096))
  (global $runs (mut i32) (i32.const 0))

  ;; Names of jobs, each with its export: name, NUL, export, NUL; an empty name ends the list.
  (data (i32.const 0)
    "empty\00x_empty\00answer\00x_answer\00call\00x_call\00call_many\00x_call_many\00tell\00x_tell\00"
    "state\00x_state\00save\00x_save\00load\00x_load\00asked\00x_asked\00trap\00x_trap\00loop\00x_loop\00"
    "recurse\00x_recurse\00exit\00x_exit\00print\00x_print\00sleep\00x_sleep\00grow\00x_grow\00open\00x_open\00"
    "dirty\00x_dirty\00bad_method\00x_bad_method\00bad_library\00x_bad_library\00bad_payload\00x_bad_payload\00"
    "bad_log\00x_bad_log\00bad_job\00x_bad_job\00bad_iov\00x_bad_iov\00other_job\00x_other_job\00"
    "wait_call\00x_wait_call\00save_big\00x_save_big\00need\00x_need\00pings\00x_pings\00\00")

  (func (export "wasm_alloc") (param $size i32) (result i32)
    (local $ptr i32)
    (local.set $ptr (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get $size)))
    (block $done
      (loop $more
        (br_if $done (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (return (i32.const 0))))
        (br $more)))
    (local.get $ptr))
  (func (export "wasm_free") (param i32 i32))

  (func $length (param $ptr i32) (result i32)
    (local $n i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (i32.load8_u (i32.add (local.get $ptr) (local.get $n)))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $n))

  (func (export "plugin_init") (result i32)
    (local $name i32) (local $name_len i32) (local $export i32) (local $export_len i32)
    (block $done
      (loop $job
        (local.set $name_len (call $length (local.get $name)))
        (br_if $done (i32.eqz (local.get $name_len)))
        (local.set $export (i32.add (i32.add (local.get $name) (local.get $name_len)) (i32.const 1)))
        (local.set $export_len (call $length (local.get $export)))
        (if (call $register (local.get $name) (local.get $name_len) (local.get $export) (local.get $export_len)
              (i32.const 1))
          (then (return (i32.const 1))))
        (local.set $name (i32.add (i32.add (local.get $export) (local.get $export_len)) (i32.const 1)))
        (br $job)))
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

  ;; logs a result of a call at level info
  (func $log_result (param $result i32)
    (if (local.get $result)
      (then (call $log (i32.const 1) (i32.add (local.get $result) (i32.const 4)) (i32.load (local.get $result))))
      (else (call $log (i32.const 3) (i32.const 2900) (i32.const 7)))))
  (data (i32.const 2900) "no room")

  (func (export "x_empty") (param i32 i32 i32 i32) (result i32) (i32.const 0))

  ;; answers with the number its state is
  (func (export "x_answer") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (i32.sub (i32.load8_u (local.get $s)) (i32.const 48)))

  ;; state: method, line break, payload. Logs the result.
  (func $call_state (param $s i32) (param $sl i32)
    (local $n i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $sl)))
        (br_if $done (i32.eq (i32.load8_u (i32.add (local.get $s) (local.get $n))) (i32.const 10)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (call $log_result
      (call $call (local.get $s) (local.get $n) (i32.const 0)
        (i32.add (i32.add (local.get $s) (local.get $n)) (i32.const 1))
        (i32.sub (i32.sub (local.get $sl) (local.get $n)) (i32.const 1)))))
  (func (export "x_call") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (call $call_state (local.get $s) (local.get $sl))
    (i32.const 0))
  ;; the same, with a checkpoint of the state before the call and 2 as its answer
  (func (export "x_wait_call") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (drop (call $checkpoint (call $job_id (local.get $c)) (local.get $s) (local.get $sl)))
    (call $call_state (local.get $s) (local.get $sl))
    (i32.const 2))
  ;; calls test.effect with its state, and answers 2 when that fails
  (data (i32.const 3920) "action:test.effect")
  (func (export "x_need") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (local $result i32)
    (local.set $result
      (call $call (i32.const 3920) (i32.const 18) (i32.const 0) (local.get $s) (local.get $sl)))
    (call $log_result (local.get $result))
    ;; test.effect answers null; what begins with { is an error
    (if (i32.eq (i32.load8_u offset=4 (local.get $result)) (i32.const 123)) (then (return (i32.const 2))))
    (i32.const 0))
  ;; calls test.ping a thousand times
  (data (i32.const 3950) "query:test.ping1")
  (func (export "x_pings") (param i32 i32 i32 i32) (result i32)
    (local $n i32)
    (loop $again
      (if (i32.eqz (call $call (i32.const 3950) (i32.const 15) (i32.const 0) (i32.const 3965) (i32.const 1)))
        (then (return (i32.const 2))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 1000))))
    (i32.const 0))
  (func (export "x_call_many") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (call $log_result (call $call_many (local.get $s) (local.get $sl)))
    (i32.const 0))

  ;; tells everything a job can tell
  (data (i32.const 3000) "half way")
  (func (export "x_tell") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (local $id i32)
    (local.set $id (call $job_id (local.get $c)))
    (call $log (i32.const 0) (i32.const 3000) (i32.const 8))
    (call $log (i32.const 9) (i32.const 3000) (i32.const 8))
    (call $progress (local.get $id) (f32.const 0.5) (i32.const 3000) (i32.const 8))
    (call $progress (local.get $id) (f32.const nan) (i32.const 3000) (i32.const 8))
    (call $warn (local.get $id) (i32.const 3000) (i32.const 8))
    (call $items (local.get $id) (i64.const 3))
    (call $bytes (local.get $id) (i64.const 5000000000))
    (i32.const 0))

  ;; logs its state; answers 3 when the pointer is null
  (func (export "x_state") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (if (i32.eqz (local.get $s)) (then (return (i32.const 3))))
    (call $log (i32.const 1) (local.get $s) (local.get $sl))
    (call $log (i32.const 1) (local.get $c) (local.get $cl))
    (i32.const 0))
  (func (export "x_save") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (call $checkpoint (call $job_id (local.get $c)) (local.get $s) (local.get $sl)))
  (func (export "x_save_big") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (drop (memory.grow (i32.const 32)))
    (call $checkpoint (call $job_id (local.get $c)) (i32.const 0) (i32.const 1048577)))
  (func (export "x_load") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (call $log_result (call $load_checkpoint (call $job_id (local.get $c))))
    (i32.const 0))
  ;; asks until it is interrupted, then answers 1
  (func (export "x_asked") (param $c i32) (param $cl i32) (param $s i32) (param $sl i32) (result i32)
    (local $id i32)
    (local.set $id (call $job_id (local.get $c)))
    (drop (call $checkpoint (local.get $id) (local.get $s) (local.get $sl)))
    (loop $again (br_if $again (i32.eqz (call $check_interrupt (local.get $id)))))
    (i32.const 1))

  (func (export "x_trap") (param i32 i32 i32 i32) (result i32) (unreachable))
  (func (export "x_loop") (param i32 i32 i32 i32) (result i32) (loop $l (br $l)) (i32.const 0))
  (func $deep (param i32) (result i32) (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "x_recurse") (param i32 i32 i32 i32) (result i32) (call $deep (i32.const 0)))
  (func (export "x_exit") (param i32 i32 i32 i32) (result i32) (call $proc_exit (i32.const 7)) (i32.const 0))

  ;; prints "half way" and a line break on standard error
  (data (i32.const 3100) "\b8\0b\00\00\08\00\00\00\48\0c\00\00\01\00\00\00\0a") ;; 3000,8 and 3144,1
  (data (i32.const 3144) "\0a")
  (func (export "x_print") (param i32 i32 i32 i32) (result i32)
    (call $fd_write (i32.const 2) (i32.const 3100) (i32.const 2) (i32.const 3200)))
  ;; sleeps for an hour
  (func (export "x_sleep") (param i32 i32 i32 i32) (result i32)
    (i32.store8 (i32.const 3308) (i32.const 0))
    (i32.store (i32.const 3316) (i32.const 1))
    (i64.store (i32.const 3324) (i64.const 3600000000000))
    (call $poll_oneoff (i32.const 3300) (i32.const 3400) (i32.const 1) (i32.const 3500)))
  ;; grows until it may not, answers 0 when that was refused
  (func (export "x_grow") (param i32 i32 i32 i32) (result i32)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (i32.const 0))
  ;; opens a file, answers the errno
  (func (export "x_open") (param i32 i32 i32 i32) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (i32.const 3000) (i32.const 8) (i32.const 0) (i64.const 0) (i64.const 0)
      (i32.const 0) (i32.const 3600)))
  ;; answers 9 when anything ran in this sandbox before, and leaves traces
  (func (export "x_dirty") (param i32 i32 i32 i32) (result i32)
    (if (i32.or (global.get $runs) (i32.load (i32.const 3700))) (then (return (i32.const 9))))
    (global.set $runs (i32.const 1))
    (i32.store (i32.const 3700) (i32.const 1))
    (i32.const 0))

  ;; pointers and lengths outside of memory
  (func (export "x_bad_method") (param i32 i32 i32 i32) (result i32)
    (call $call (i32.const -8) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "x_bad_library") (param i32 i32 i32 i32) (result i32)
    (call $call (i32.const 0) (i32.const 5) (i32.const 0x7fffffff) (i32.const 0) (i32.const 0)))
  (func (export "x_bad_payload") (param i32 i32 i32 i32) (result i32)
    (call $call (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 100) (i32.const -1)))
  (func (export "x_bad_log") (param i32 i32 i32 i32) (result i32)
    (call $log (i32.const 1) (i32.const 131071) (i32.const 2)) (i32.const 0))
  (func (export "x_bad_job") (param i32 i32 i32 i32) (result i32)
    (call $check_interrupt (i32.const 131060)))
  (func (export "x_bad_iov") (param i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 3800) (i32.const -1))
    (i32.store (i32.const 3804) (i32.const 10))
    (call $fd_write (i32.const 1) (i32.const 3800) (i32.const 1) (i32.const 3200)))
  (func (export "x_other_job") (param i32 i32 i32 i32) (result i32)
    (call $check_interrupt (i32.const 64)))
)
