"""What oneDNN prints is counted by kind and type."""

from __future__ import annotations

from paddle_ner.bundle.compression import Kernels
from paddle_ner.compression.quantization.kernels import count, refusal

HEAD = "onednn_verbose,v1,primitive,exec,cpu"
S8 = "src:s8:a:blocked:ab::f0 wei:s8:a:blocked:AB4b32a4b::f1:s8m1 bia:f32::blocked:a::f0 dst:f32::blocked:ab::f0"
F32 = "src:f32::blocked:ab::f0 wei:f32::blocked:ab::f0 dst:f32::blocked:ab::f0"
LINES = [
    "onednn_verbose,v1,info,oneDNN v3.6.2",
    f"{HEAD},inner_product,brgemm:avx512_core_vnni,forward_inference,{S8},attr-scales:src0:0:f32,,mb16ic32oc32,0.01",
    f"{HEAD},inner_product,brgemm:avx512_core_vnni,forward_inference,{S8},,,mb16ic32oc32,0.01",
    f"{HEAD},inner_product,brgemm:avx512_core,forward_inference,{F32},,,mb16ic32oc32,0.01",
    f"{HEAD},matmul,brg_matmul:avx512_core,undef,{F32},,,1x2x16x16,0.01",
    f"{HEAD},matmul,brg_matmul:avx512_core_vnni,undef,{S8},,,1x2x16x16,0.01",
    f"{HEAD},reorder,jit:uni,undef,src:f32::blocked:ab::f0 dst:s8::blocked:ab::f0,,,16x32,0.01",
    "something of Paddle's, that is no primitive",
]


def test_only_products_of_int8_count() -> None:
    found = count(LINES, total=3)
    assert (found.int8, found.total, found.others) == (2, 3, 1)
    assert found.implementations == ["brg_matmul:avx512_core_vnni", "brgemm:avx512_core_vnni"]


def test_unsigned_inputs_are_int8_too() -> None:
    assert count([LINES[1].replace("src:s8", "src:u8")], total=1).int8 == 1


def test_silence_counts_nothing() -> None:
    assert count([], total=5).int8 == 0


def kernels(int8: int, total: int) -> Kernels:
    return Kernels(int8=int8, total=total, others=3, implementations=["brgemm"])


def test_every_product_with_a_weight_must_run_in_int8() -> None:
    assert refusal(kernels(37, 37)) == ""
    assert refusal(kernels(36, 37)) == "36 of 37 products with a weight ran in int8"
    assert refusal(kernels(0, 0)) == "0 of 0 products with a weight ran in int8"
