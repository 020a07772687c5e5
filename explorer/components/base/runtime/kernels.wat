;; The arithmetic of a network in SIMD with 4 float32 lanes. Addresses are in bytes, counts in floats.
;; Lengths are rounded up to whole vectors, so every buffer is followed by 8 unused floats.
(module
  (import "host" "memory" (memory 1))

  ;; c (m, n) = bias (m) + a (m, k) b (k, n), m a multiple of 4.
  ;; a is stored in panels of 4 rows, column by column. Row i of b starts at the address rows[i], so a convolution is one
  ;; product: each row of b is the padded image, shifted by one tap of the kernel and never copied.
  ;; Blocks run from right to left, so that the next row overwrites what the last block writes past the end of a row.
  (func (export "matmul")
    (param $a i32) (param $rows i32) (param $bias i32) (param $c i32) (param $m i32) (param $k i32) (param $n i32)
    (local $block i32) (local $pa i32) (local $row i32) (local $last i32) (local $pb i32) (local $pc i32) (local $step i32)
    (local $s v128) (local $b0 v128) (local $b1 v128)
    (local $c00 v128) (local $c01 v128) (local $c10 v128) (local $c11 v128)
    (local $c20 v128) (local $c21 v128) (local $c30 v128) (local $c31 v128)
    (local.set $last (i32.add (local.get $rows) (i32.shl (local.get $k) (i32.const 2))))
    (local.set $step (i32.shl (local.get $n) (i32.const 2)))
    (loop $panels
      (local.set $block (i32.shl (i32.and (i32.sub (local.get $n) (i32.const 1)) (i32.const -8)) (i32.const 2)))
      (loop $blocks
        (local.set $c01 (local.tee $c00 (v128.load32_splat (local.get $bias))))
        (local.set $c11 (local.tee $c10 (v128.load32_splat offset=4 (local.get $bias))))
        (local.set $c21 (local.tee $c20 (v128.load32_splat offset=8 (local.get $bias))))
        (local.set $c31 (local.tee $c30 (v128.load32_splat offset=12 (local.get $bias))))
        (local.set $pa (local.get $a))
        (local.set $row (local.get $rows))
        (block $done
          (loop $inner
            (br_if $done (i32.ge_u (local.get $row) (local.get $last)))
            (local.set $pb (i32.add (i32.load (local.get $row)) (local.get $block)))
            (local.set $b0 (v128.load (local.get $pb)))
            (local.set $b1 (v128.load offset=16 (local.get $pb)))
            (local.set $s (v128.load32_splat (local.get $pa)))
            (local.set $c00 (f32x4.add (f32x4.mul (local.get $s) (local.get $b0)) (local.get $c00)))
            (local.set $c01 (f32x4.add (f32x4.mul (local.get $s) (local.get $b1)) (local.get $c01)))
            (local.set $s (v128.load32_splat offset=4 (local.get $pa)))
            (local.set $c10 (f32x4.add (f32x4.mul (local.get $s) (local.get $b0)) (local.get $c10)))
            (local.set $c11 (f32x4.add (f32x4.mul (local.get $s) (local.get $b1)) (local.get $c11)))
            (local.set $s (v128.load32_splat offset=8 (local.get $pa)))
            (local.set $c20 (f32x4.add (f32x4.mul (local.get $s) (local.get $b0)) (local.get $c20)))
            (local.set $c21 (f32x4.add (f32x4.mul (local.get $s) (local.get $b1)) (local.get $c21)))
            (local.set $s (v128.load32_splat offset=12 (local.get $pa)))
            (local.set $c30 (f32x4.add (f32x4.mul (local.get $s) (local.get $b0)) (local.get $c30)))
            (local.set $c31 (f32x4.add (f32x4.mul (local.get $s) (local.get $b1)) (local.get $c31)))
            (local.set $pa (i32.add (local.get $pa) (i32.const 16)))
            (local.set $row (i32.add (local.get $row) (i32.const 4)))
            (br $inner)))
        (local.set $pc (i32.add (local.get $c) (local.get $block)))
        (v128.store (local.get $pc) (local.get $c00))
        (v128.store offset=16 (local.get $pc) (local.get $c01))
        (local.set $pc (i32.add (local.get $pc) (local.get $step)))
        (v128.store (local.get $pc) (local.get $c10))
        (v128.store offset=16 (local.get $pc) (local.get $c11))
        (local.set $pc (i32.add (local.get $pc) (local.get $step)))
        (v128.store (local.get $pc) (local.get $c20))
        (v128.store offset=16 (local.get $pc) (local.get $c21))
        (local.set $pc (i32.add (local.get $pc) (local.get $step)))
        (v128.store (local.get $pc) (local.get $c30))
        (v128.store offset=16 (local.get $pc) (local.get $c31))
        (br_if $blocks (i32.ge_s (local.tee $block (i32.sub (local.get $block) (i32.const 32))) (i32.const 0))))
      (local.set $a (local.get $pa))
      (local.set $bias (i32.add (local.get $bias) (i32.const 16)))
      (local.set $c (i32.add (local.get $c) (i32.shl (local.get $step) (i32.const 2))))
      (br_if $panels (local.tee $m (i32.sub (local.get $m) (i32.const 4))))))

  ;; y (m) = bias (m) + a (m, k) x (k), m a multiple of 4; a in panels of 4 rows, column by column.
  ;; Four partial sums are computed in turn, because each addition to one sum waits for the previous one.
  (func (export "matvec")
    (param $a i32) (param $x i32) (param $bias i32) (param $y i32) (param $m i32) (param $k i32)
    (local $px i32) (local $last i32) (local $pair i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $last (i32.add (local.get $x) (i32.shl (local.get $k) (i32.const 2))))
    (local.set $pair (i32.add (local.get $x) (i32.shl (i32.and (local.get $k) (i32.const -4)) (i32.const 2))))
    (loop $panels
      (local.set $s0 (v128.load (local.get $bias)))
      (local.set $s1 (v128.const f32x4 0 0 0 0))
      (local.set $s2 (v128.const f32x4 0 0 0 0))
      (local.set $s3 (v128.const f32x4 0 0 0 0))
      (local.set $px (local.get $x))
      (block $paired
        (loop $four
          (br_if $paired (i32.ge_u (local.get $px) (local.get $pair)))
          (local.set $s0 (f32x4.add (f32x4.mul (v128.load (local.get $a)) (v128.load32_splat (local.get $px))) (local.get $s0)))
          (local.set $s1 (f32x4.add (f32x4.mul (v128.load offset=16 (local.get $a)) (v128.load32_splat offset=4 (local.get $px))) (local.get $s1)))
          (local.set $s2 (f32x4.add (f32x4.mul (v128.load offset=32 (local.get $a)) (v128.load32_splat offset=8 (local.get $px))) (local.get $s2)))
          (local.set $s3 (f32x4.add (f32x4.mul (v128.load offset=48 (local.get $a)) (v128.load32_splat offset=12 (local.get $px))) (local.get $s3)))
          (local.set $a (i32.add (local.get $a) (i32.const 64)))
          (local.set $px (i32.add (local.get $px) (i32.const 16)))
          (br $four)))
      (block $done
        (loop $one
          (br_if $done (i32.ge_u (local.get $px) (local.get $last)))
          (local.set $s0 (f32x4.add (f32x4.mul (v128.load (local.get $a)) (v128.load32_splat (local.get $px))) (local.get $s0)))
          (local.set $a (i32.add (local.get $a) (i32.const 16)))
          (local.set $px (i32.add (local.get $px) (i32.const 4)))
          (br $one)))
      (v128.store (local.get $y)
        (f32x4.add (f32x4.add (local.get $s0) (local.get $s1)) (f32x4.add (local.get $s2) (local.get $s3))))
      (local.set $bias (i32.add (local.get $bias) (i32.const 16)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (br_if $panels (local.tee $m (i32.sub (local.get $m) (i32.const 4))))))

  ;; y (channels, plane) = scale (channels) x + shift (channels); y must not be x, since a channel's last vector may write past its end.
  (func (export "affine")
    (param $x i32) (param $y i32) (param $scale i32) (param $shift i32) (param $channels i32) (param $plane i32)
    (local $i i32) (local $end i32) (local $s v128) (local $t v128)
    (local.set $end (i32.shl (local.get $plane) (i32.const 2)))
    (loop $next
      (local.set $s (v128.load32_splat (local.get $scale)))
      (local.set $t (v128.load32_splat (local.get $shift)))
      (local.set $i (i32.const 0))
      (loop $four
        (v128.store (i32.add (local.get $y) (local.get $i))
          (f32x4.add (f32x4.mul (v128.load (i32.add (local.get $x) (local.get $i))) (local.get $s)) (local.get $t)))
        (br_if $four (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $end))))
      (local.set $x (i32.add (local.get $x) (local.get $end)))
      (local.set $y (i32.add (local.get $y) (local.get $end)))
      (local.set $scale (i32.add (local.get $scale) (i32.const 4)))
      (local.set $shift (i32.add (local.get $shift) (i32.const 4)))
      (br_if $next (local.tee $channels (i32.sub (local.get $channels) (i32.const 1))))))

  ;; y = scale x + shift, all of length n.
  (func (export "multiply_add")
    (param $x i32) (param $y i32) (param $scale i32) (param $shift i32) (param $n i32)
    (local $i i32)
    (local.set $n (i32.shl (local.get $n) (i32.const 2)))
    (loop $four
      (v128.store (i32.add (local.get $y) (local.get $i))
        (f32x4.add
          (f32x4.mul (v128.load (i32.add (local.get $x) (local.get $i))) (v128.load (i32.add (local.get $scale) (local.get $i))))
          (v128.load (i32.add (local.get $shift) (local.get $i)))))
      (br_if $four (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $n)))))

  ;; y = a + b, all of length n.
  (func (export "add") (param $a i32) (param $b i32) (param $y i32) (param $n i32)
    (local $i i32)
    (local.set $n (i32.shl (local.get $n) (i32.const 2)))
    (loop $four
      (v128.store (i32.add (local.get $y) (local.get $i))
        (f32x4.add (v128.load (i32.add (local.get $a) (local.get $i))) (v128.load (i32.add (local.get $b) (local.get $i)))))
      (br_if $four (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $n)))))

  ;; 1 / (1 + exp(-x)). exp is 2^k e^r with |r| <= ln(2) / 2 and e^r its Taylor polynomial of degree 6 (error 1e-7).
  (func $logistic (param $x v128) (result v128)
    (local $k v128) (local $r v128) (local $p v128)
    (local.set $x (f32x4.max (f32x4.min (f32x4.neg (local.get $x)) (v128.const f32x4 87 87 87 87)) (v128.const f32x4 -87 -87 -87 -87)))
    (local.set $k (f32x4.nearest (f32x4.mul (local.get $x) (v128.const f32x4 1.44269504 1.44269504 1.44269504 1.44269504))))
    ;; ln 2 in two parts: the first has so few digits that its product with k is exact.
    (local.set $r (f32x4.sub
      (f32x4.sub (local.get $x) (f32x4.mul (local.get $k) (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375)))
      (f32x4.mul (local.get $k) (v128.const f32x4 -2.12194440e-4 -2.12194440e-4 -2.12194440e-4 -2.12194440e-4))))
    (local.set $p (v128.const f32x4 0.00138888889 0.00138888889 0.00138888889 0.00138888889))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 0.00833333333 0.00833333333 0.00833333333 0.00833333333)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 0.0416666667 0.0416666667 0.0416666667 0.0416666667)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 0.166666667 0.166666667 0.166666667 0.166666667)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 0.5 0.5 0.5 0.5)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 1 1 1 1)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 1 1 1 1)))
    (f32x4.div (v128.const f32x4 1 1 1 1)
      (f32x4.add (v128.const f32x4 1 1 1 1)
        (f32x4.mul (local.get $p)
          (i32x4.shl (i32x4.add (i32x4.trunc_sat_f32x4_s (local.get $k)) (v128.const i32x4 127 127 127 127)) (i32.const 23))))))

  ;; The next three functions work in place on n floats.
  (func (export "sigmoid") (param $x i32) (param $n i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (loop $four
      (v128.store (local.get $x) (call $logistic (v128.load (local.get $x))))
      (br_if $four (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))

  (func (export "silu") (param $x i32) (param $n i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (loop $four
      (v128.store (local.get $x) (f32x4.mul (v128.load (local.get $x)) (call $logistic (v128.load (local.get $x)))))
      (br_if $four (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))

  (func (export "relu") (param $x i32) (param $n i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (loop $four
      (v128.store (local.get $x) (f32x4.max (v128.load (local.get $x)) (v128.const f32x4 0 0 0 0)))
      (br_if $four (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end))))))
