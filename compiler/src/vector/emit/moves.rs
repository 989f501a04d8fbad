//! Which instruction moves a register, or loads and stores the elements of a column.

use filbert_ir::Type;
use iced_x86::{Code, Register};

use crate::vector::ir::Isa;

/// A whole register, from another or from an aligned slot.
pub(super) fn load_code(isa: Isa, register: Register) -> Code {
    match (isa, register.size()) {
        (Isa::Avx512, 64) => Code::EVEX_Vmovdqa64_zmm_k1z_zmmm512,
        (Isa::Avx512, _) => Code::EVEX_Vmovdqa64_ymm_k1z_ymmm256,
        (Isa::Avx2, 32) => Code::VEX_Vmovdqa_ymm_ymmm256,
        (Isa::Avx2, _) => Code::VEX_Vmovdqa_xmm_xmmm128,
    }
}

pub(super) fn store_code(isa: Isa, register: Register) -> Code {
    match (isa, register.size()) {
        (Isa::Avx512, 64) => Code::EVEX_Vmovdqa64_zmmm512_k1z_zmm,
        (Isa::Avx512, _) => Code::EVEX_Vmovdqa64_ymmm256_k1z_ymm,
        (Isa::Avx2, 32) => Code::VEX_Vmovdqa_ymmm256_ymm,
        (Isa::Avx2, _) => Code::VEX_Vmovdqa_xmmm128_xmm,
    }
}

/// A whole register, past the caches to an aligned place.
pub(super) fn stream_code(isa: Isa, register: Register) -> Code {
    match (isa, register.size()) {
        (Isa::Avx512, 64) => Code::EVEX_Vmovntdq_m512_zmm,
        (Isa::Avx512, _) => Code::EVEX_Vmovntdq_m256_ymm,
        (Isa::Avx2, _) => Code::VEX_Vmovntdq_m256_ymm,
    }
}

/// Loads elements to lanes of a register of so many bytes, extended to 32 bits.
pub(super) fn evex_load(elem: Type, size: usize) -> Code {
    let codes = match elem {
        Type::Bool | Type::U8 => [Code::EVEX_Vpmovzxbd_zmm_k1z_xmmm128, Code::EVEX_Vpmovzxbd_ymm_k1z_xmmm64],
        Type::I8 => [Code::EVEX_Vpmovsxbd_zmm_k1z_xmmm128, Code::EVEX_Vpmovsxbd_ymm_k1z_xmmm64],
        Type::U16 => [Code::EVEX_Vpmovzxwd_zmm_k1z_ymmm256, Code::EVEX_Vpmovzxwd_ymm_k1z_xmmm128],
        Type::I16 => [Code::EVEX_Vpmovsxwd_zmm_k1z_ymmm256, Code::EVEX_Vpmovsxwd_ymm_k1z_xmmm128],
        Type::I32 | Type::U32 | Type::F32 => {
            [Code::EVEX_Vmovdqu32_zmm_k1z_zmmm512, Code::EVEX_Vmovdqu32_ymm_k1z_ymmm256]
        }
        Type::I64 | Type::U64 | Type::F64 => {
            [Code::EVEX_Vmovdqu64_zmm_k1z_zmmm512, Code::EVEX_Vmovdqu64_ymm_k1z_ymmm256]
        }
    };
    codes[usize::from(size != 64)]
}

pub(super) fn vex_load(elem: Type, size: usize) -> Code {
    let codes = match elem {
        Type::Bool | Type::U8 => [Code::VEX_Vpmovzxbd_ymm_xmmm64, Code::VEX_Vpmovzxbd_xmm_xmmm32],
        Type::I8 => [Code::VEX_Vpmovsxbd_ymm_xmmm64, Code::VEX_Vpmovsxbd_xmm_xmmm32],
        Type::U16 => [Code::VEX_Vpmovzxwd_ymm_xmmm128, Code::VEX_Vpmovzxwd_xmm_xmmm64],
        Type::I16 => [Code::VEX_Vpmovsxwd_ymm_xmmm128, Code::VEX_Vpmovsxwd_xmm_xmmm64],
        _ => [Code::VEX_Vmovdqu_ymm_ymmm256, Code::VEX_Vmovdqu_xmm_xmmm128],
    };
    codes[usize::from(size != 32)]
}

/// Stores lanes, cut down to elements.
pub(super) fn evex_store(elem: Type, size: usize) -> Code {
    let codes = match elem.bytes() {
        1 => [Code::EVEX_Vpmovdb_xmmm128_k1z_zmm, Code::EVEX_Vpmovdb_xmmm64_k1z_ymm],
        2 => [Code::EVEX_Vpmovdw_ymmm256_k1z_zmm, Code::EVEX_Vpmovdw_xmmm128_k1z_ymm],
        4 => [Code::EVEX_Vmovdqu32_zmmm512_k1z_zmm, Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm],
        _ => [Code::EVEX_Vmovdqu64_zmmm512_k1z_zmm, Code::EVEX_Vmovdqu64_ymmm256_k1z_ymm],
    };
    codes[usize::from(size != 64)]
}
