;; Modules that do one thing wrong, or one thing right. Made, in this directory, into modules/ by:
;; wast2json --enable-threads --enable-exceptions --enable-tail-call --enable-memory64 --enable-multi-memory \
;;   --enable-extended-const modules.wast -o modules/modules.json
;; modules.json says which file is which module. Where it matters, "j" at 0 is a job's name and export.

;; --- exports

(module $no_memory
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32) (i32.const 0)))
(module $memory_is_a_function
  (memory 1) (func (export "memory"))
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32) (i32.const 0)))
(module $no_alloc
  (memory (export "memory") 1) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32) (i32.const 0)))
(module $no_free
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32) (i32.const 0)))
(module $no_init
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)))
(module $alloc_type
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i64) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0)))
(module $free_type
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32)) (func (export "plugin_init") (result i32) (i32.const 0)))
(module $init_type
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init")))
(module $alloc_is_a_global
  (memory (export "memory") 1) (global (export "wasm_alloc") i32 (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0)))
(module $cleanup_type
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func (export "plugin_cleanup")))
(module $initialize_type
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func (export "_initialize") (param i32)))

;; --- imports

(module $imports_unknown
  (import "env" "abort" (func (param i32))) (import "spacedrive" "vdfs_read" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview2" "fd_write" (func))
  (memory (export "memory") 1))
(module $import_type
  (import "spacedrive" "spacedrive_log" (func (param i32 i32 i64)))
  (memory (export "memory") 1))
(module $imports_no_functions
  (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) (import "spacedrive" "g" (global i32))
  (import "env" "f" (func))
  (export "memory" (memory 0)))
(module $imports_wbindgen
  (import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (param i32)))
  (import "__wbindgen_externref_xform__" "__wbindgen_externref_table_grow" (func (param i32) (result i32)))
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (call $describe (i32.const 1)) (i32.const 0)))

;; --- what happens before plugin_init

(module $start_traps
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func $go (unreachable)) (start $go))
(module $start_loops
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func $go (loop $l (br $l))) (start $go))
(module $initialize_loops
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func (export "_initialize") (loop $l (br $l))))
(module $initialize_exits
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (func (export "_initialize") (call $exit (i32.const 0))))
(module $data_outside
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0))
  (data (i32.const 65534) "abc"))

;; --- plugin_init

(module $init_answers_1
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 1)))
(module $init_traps
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))
(module $init_loops
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (loop $l (br $l)) (i32.const 0)))
(module $init_registers_nothing
  (memory (export "memory") 1) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0)))
(module $init_registers_twice
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32)
    (drop (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1))))
(module $init_name ;; and does not look at the answer
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j") (data (i32.const 8) "Job *>")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32)
    (drop (call $register (i32.const 8) (i32.const 6) (i32.const 0) (i32.const 1) (i32.const 1)))
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1))))
(module $init_export_missing
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1))))
(module $init_export_type
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "j") (param i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1))))
(module $init_name_outside
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 65535) (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 1))))
(module $init_registers_1000 ;; with names from "aaaa" on
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32) (local $n i32)
    (loop $more
      (i32.store8 (i32.const 8) (i32.add (i32.const 97) (i32.div_u (local.get $n) (i32.const 100))))
      (i32.store8 (i32.const 9) (i32.add (i32.const 97) (i32.rem_u (i32.div_u (local.get $n) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 10) (i32.add (i32.const 97) (i32.rem_u (local.get $n) (i32.const 10))))
      (drop (call $register (i32.const 8) (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 1)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $n) (i32.const 1000))))
    (i32.const 0)))
(module $init_calls ;; and fails unless the answer is as long as {"code":"failed_precondition",…}
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (import "spacedrive" "spacedrive_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_init") (result i32)
    (drop (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
    ;; "failed_p" of the code stands at 4 + len({"code":")
    (i64.ne (i64.load (i32.add (call $call (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 13)))
      (i64.const 0x705f64656c696166))))
(module $init_checkpoints
  (import "spacedrive" "job_checkpoint" (func $checkpoint (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32) (call $checkpoint (i32.const 0) (i32.const 0) (i32.const 1))))

;; --- sizes and features

(module $memory_large
  (memory (export "memory") 65) (func (export "wasm_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wasm_free") (param i32 i32)) (func (export "plugin_init") (result i32) (i32.const 0)))
(module $table_large (memory (export "memory") 1) (table 100000000 funcref))
(module $memory_shared (memory (export "memory") 1 1 shared))
(module $atomics (memory (export "memory") 1) (func (drop (i32.atomic.load (i32.const 0)))))
(module $memory_64 (memory (export "memory") i64 1))
(module $memory_twice (memory (export "memory") 1) (memory 1))
(module $tail_call (memory (export "memory") 1) (func $f (return_call $f)))
(module $tag (memory (export "memory") 1) (tag) (func (throw 0)))
(module $try (memory (export "memory") 1) (func (try (do) (catch_all))))
(module $extended_const (memory (export "memory") 1) (global i32 (i32.add (i32.const 1) (i32.const 2))))
(module $simd
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "j")
  (global (mut v128) (v128.const i64x2 1 2))
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
  (func (export "j") (param i32 i32 i32 i32) (result i32)
    (i32x4.extract_lane 0 (i32x4.add (v128.const i32x4 1 1 1 1) (v128.const i32x4 2 2 2 2)))))
(module $everything ;; the forms of segments, tables and constants there are; "j" answers what table.grow does
  (import "spacedrive" "register_job" (func $register (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 2) (data $d (i32.const 0) "j") (data $p "passive")
  (table $t 3 funcref) (table $x 1 externref) (table $bounded 1 2 funcref)
  (global $i i32 (i32.const 1)) (global i64 (i64.const -1)) (global f32 (f32.const 1)) (global f64 (f64.const 1))
  (global funcref (ref.null func)) (global externref (ref.null extern)) (global funcref (ref.func $f))
  (elem (i32.const 0) $f) (elem func $f) (elem declare func $f) (elem (table $t) (i32.const 1) func $f $f)
  (elem (i32.const 0) funcref (ref.func $f)) (elem funcref (ref.null func)) (elem declare funcref (ref.func $f))
  (elem (table $bounded) (i32.const 0) funcref (ref.null func))
  (func $f (local i32 i64) (local f32 f64 v128) (local funcref externref))
  (func $nothing) (start $nothing)
  (func (export "wasm_alloc") (param i32) (result i32) (i32.const 4096)) (func (export "wasm_free") (param i32 i32))
  (func (export "plugin_init") (result i32)
    (memory.init $p (i32.const 100) (i32.const 0) (i32.const 7)) (data.drop $p)
    (call $register (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
  (func (export "j") (param i32 i32 i32 i32) (result i32) (local $grown i32)
    (local.set $grown (table.grow $t (ref.null func) (i32.const 1000)))
    (if (i32.ne (table.grow $t (ref.func $f) (i32.const 0x7fffffff)) (i32.const -1)) (then (return (i32.const -2))))
    (if (i32.ne (table.grow $x (ref.null extern) (i32.const 0x10000000)) (i32.const -1)) (then (return (i32.const -3))))
    (if (i32.ne (table.grow $bounded (ref.null func) (i32.const 2)) (i32.const -1)) (then (return (i32.const -4))))
    (local.get $grown)))
