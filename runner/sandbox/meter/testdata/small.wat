;; Small functions of each shape, to see what they are charged. Made into small.wasm by: wat2wasm small.wat -o small.wasm
(module
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 64 80)
  (global $g (mut i32) (i32.const 0))
  (table $t 4 funcref)
  (elem (i32.const 1) $leaf $sum)
  (data $d "0123456789")
  (func $start (global.set $g (i32.const 100)))
  (start $start)

  (func $leaf (export "leaf") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $tiny (param i32) (result i32) (local.get 0))
  (func (export "empty") (param i32) (result i32) (i32.const 0))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "branch") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
  (func (export "calls") (param i32) (result i32) (call $tiny (call $tiny (local.get 0))))
  (func (export "indirect") (param i32) (result i32) (call_indirect (type $unary) (local.get 0) (i32.const 1)))
  (func (export "global") (param i32) (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))
  (func (export "reference") (param i32) (result i32)
    (table.set $t (i32.const 3) (ref.func $leaf))
    (call_indirect (type $unary) (local.get 0) (i32.const 3)))

  ;; the sum of 1 to n
  (func $sum (export "sum") (param $n i32) (result i32) (local $s i32)
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $s (i32.add (local.get $s) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
    (local.get $s))
  ;; a loop with a result that is left by br_if with it
  (func (export "with_result") (param $n i32) (result i32)
    (block $done (result i32)
      (loop $more (result i32)
        (drop (br_if $done (i32.const 7) (i32.eqz (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more))))
  ;; a loop with parameters
  (func (export "with_parameters") (param $n i32) (result i32)
    (i32.const 1)
    (loop $more (param i32) (result i32)
      (i32.mul (i32.const 3))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "returns") (param $n i32) (result i32)
    (loop $more
      (if (i32.lt_s (local.get $n) (i32.const 3)) (then (return (local.get $n))))
      (local.set $n (i32.shr_u (local.get $n) (i32.const 1)))
      (br $more))
    (unreachable))
  ;; left by br_table: to the loop, to a block around it, to the function
  (func (export "table") (param $n i32) (result i32) (local $x i32)
    (block $out
      (loop $more
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (block $inner
          (br_table $inner $more $out $inner (i32.rem_u (local.get $x) (i32.add (local.get $n) (i32.const 2)))))
        (br_if $more (i32.lt_u (local.get $x) (i32.const 50)))
        (return (i32.const -1))))
    (local.get $x))
  (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (loop $outer
      (local.set $i (i32.const 5))
      (loop $inner
        (local.set $s (i32.add (local.get $s) (local.get $i)))
        (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  ;; a branch out of two loops at once, and one that goes on with the outer one
  (func (export "out_of_two") (param $n i32) (result i32) (local $i i32)
    (block $done
      (loop $outer
        (loop $inner
          (br_if $done (i32.gt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))
          (br_if $outer (i32.and (local.get $i) (i32.const 1)))
          (br $inner))))
    (local.get $i))
  (func (export "calls_in_loop") (param $n i32) (result i32) (local $s i32)
    (loop $more
      (local.set $s (call $leaf (local.get $s)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func $fibonacci (export "fibonacci") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fibonacci (i32.sub (local.get $n) (i32.const 1))) (call $fibonacci (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "grow") (param $n i32) (result i32) (memory.grow (local.get $n)))

  ;; each answers 0, if it does not trap; the memory is looked at from outside
  (func (export "fill") (param $n i32) (result i32)
    (memory.fill (i32.const 3) (i32.const 0x5a) (local.get $n)) (i32.const 0))
  (func (export "copy_up") (param $n i32) (result i32)
    (memory.copy (i32.const 5) (i32.const 0) (local.get $n)) (i32.const 0))
  (func (export "copy_down") (param $n i32) (result i32)
    (memory.copy (i32.const 0) (i32.const 5) (local.get $n)) (i32.const 0))
  (func (export "copy_in_place") (param $n i32) (result i32)
    (memory.copy (i32.const 5) (i32.const 5) (local.get $n)) (i32.const 0))
  ;; to and from the end of the memory, which is 4 MB
  (func (export "copy_to_end") (param $n i32) (result i32)
    (memory.copy (i32.sub (i32.const 0x400000) (local.get $n)) (i32.const 1) (local.get $n)) (i32.const 0))
  (func (export "fill_beyond") (param $n i32) (result i32)
    (memory.fill (i32.sub (i32.const 0x400001) (local.get $n)) (i32.const 1) (local.get $n)) (i32.const 0))
  (func (export "copy_beyond") (param $n i32) (result i32)
    (memory.copy (i32.const 0) (i32.sub (i32.const 0x400001) (local.get $n)) (local.get $n)) (i32.const 0))
  (func (export "copy_around") (param $n i32) (result i32)
    (memory.copy (i32.const -16) (i32.const 0) (local.get $n)) (i32.const 0))
  (func (export "init") (param $n i32) (result i32)
    (memory.init $d (i32.const 16) (i32.const 10) (i32.const 0))
    (memory.init $d (i32.const 16) (i32.sub (i32.const 10) (local.get $n)) (local.get $n)) (i32.const 0))

  ;; jumps through a table: forwards, to what the table has for all others, backwards, and to where a number tells
  (func (export "jumps") (param $n i32) (result i32) (local $to i32) (local $r i32)
    (block $out
      (loop $again
        (block $two
          (block $one
            (block $zero
              (br_table $zero $one $two (local.get $to)))
            (local.set $r (i32.add (local.get $r) (i32.const 1)))
            (if (i32.eq (local.get $n) (i32.const 1)) (then (local.set $to (i32.const 2)) (br $again)))
            (if (i32.eq (local.get $n) (i32.const 2)) (then (local.set $to (i32.const -1)) (br $again)))
            (if (i32.eq (local.get $n) (i32.const 3)) (then (local.set $n (i32.const 1)) (br $again))))
          (local.set $r (i32.add (local.get $r) (i32.const 10)))
          (if (i32.gt_u (local.get $n) (i32.const 9))
            (then (local.set $n (i32.shr_u (local.get $n) (i32.const 1))) (local.set $to (i32.const 0)) (br $again)))
          (if (i32.eq (local.get $n) (i32.const 4))
            (then (local.set $n (i32.const 0)) (local.set $to (i32.sub (local.get $n) (i32.const 1))) (br $again))))
        (local.set $r (i32.add (local.get $r) (i32.const 100)))
        (br_if $out (i32.eqz (local.get $n)))
        (local.set $n (i32.const 0))
        (local.set $to (i32.const 1))
        (br $again)))
    (local.get $r))
  ;; what looks like it and is not: the local is read before the blocks begin, so the way through the loop reads it anew
  (func (export "no_jumps") (param $n i32) (result i32) (local $to i32)
    (loop $again
      (local.get $to)
      (block $one
        (block $zero
          (br_table $zero $one (local.get $to)))
        (local.set $to (i32.const 1))
        (br $again))
      (local.set $n))
    (local.get $n))
  ;; little, and as much as one says
  (func (export "fill_little") (param $n i32) (result i32)
    (memory.fill (i32.const 100) (i32.const 7) (i32.const 1024))
    (loop $more
      (memory.copy (local.get $n) (i32.const 1000) (i32.const 16))
      (br_if $more (local.tee $n (i32.shr_u (local.get $n) (i32.const 4)))))
    (i32.load (i32.const 1100)))
  (func (export "copy_any") (param $n i32) (result i32)
    (memory.copy (i32.const 3) (i32.const 2000) (local.get $n))
    (i32.load (i32.const 3)))
)
