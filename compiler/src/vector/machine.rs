//! The machine instructions that the vector back end knows, one row each.
//!
//! A row names the encodings of one instruction: AVX-512 on 512 and on 256 bits, AVX2 on 256 and on 128.
//! `INVALID` is what a machine does not have, or nobody needs. Which encoding is meant follows from the width
//! of the operands; see `form`. `Folds` says that the last operand may come from memory: on AVX-512 also as
//! one element for all lanes.
//!
//! Operands are in the order of Intel's manual, the result first, but for three rows: `Blend` and `Keep` have
//! their mask as first operand, and of the three forms of a product and sum the IR uses `213`, which is replaced by
//! another where its result stands in another operand's register; see `forms`.

use iced_x86::Code;

use super::ir::Isa;

/// Whether the last operand may stand in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Memory {
    Folds,
    Registers,
}

/// A row of the table.
pub(super) struct Row {
    codes: [Code; 4],
    pub(super) memory: Memory,
}

impl Row {
    /// The encoding for operands of at most so many bits; 0 where all operands are masks.
    pub(super) fn form(&self, isa: Isa, bits: u32) -> Code {
        match (isa, bits) {
            (Isa::Avx512, 0 | 512) => self.codes[0],
            (Isa::Avx512, 256) => self.codes[1],
            (Isa::Avx2, 256) => self.codes[2],
            (Isa::Avx2, 128) => self.codes[3],
            _ => Code::INVALID,
        }
    }
}

macro_rules! machine {
    ($($(#[$doc:meta])* $name:ident: $e512:ident, $e256:ident, $v256:ident, $v128:ident; $memory:ident;)*) => {
        /// An instruction of the machine.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(super) enum Machine {
            $($(#[$doc])* $name,)*
        }

        impl Machine {
            /// The row of the table.
            pub(super) fn row(self) -> &'static Row {
                static ROWS: &[Row] = &[
                    $(Row {
                        codes: [Code::$e512, Code::$e256, Code::$v256, Code::$v128],
                        memory: Memory::$memory,
                    },)*
                ];
                &ROWS[self as usize]
            }
        }
    };
}

machine! {
    // floats
    AddF64: EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vaddpd_ymm_k1z_ymm_ymmm256b64, VEX_Vaddpd_ymm_ymm_ymmm256, VEX_Vaddpd_xmm_xmm_xmmm128; Folds;
    AddF32: EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vaddps_ymm_k1z_ymm_ymmm256b32, VEX_Vaddps_ymm_ymm_ymmm256, VEX_Vaddps_xmm_xmm_xmmm128; Folds;
    SubF64: EVEX_Vsubpd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vsubpd_ymm_k1z_ymm_ymmm256b64, VEX_Vsubpd_ymm_ymm_ymmm256, VEX_Vsubpd_xmm_xmm_xmmm128; Folds;
    SubF32: EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vsubps_ymm_k1z_ymm_ymmm256b32, VEX_Vsubps_ymm_ymm_ymmm256, VEX_Vsubps_xmm_xmm_xmmm128; Folds;
    MulF64: EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vmulpd_ymm_k1z_ymm_ymmm256b64, VEX_Vmulpd_ymm_ymm_ymmm256, VEX_Vmulpd_xmm_xmm_xmmm128; Folds;
    MulF32: EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vmulps_ymm_k1z_ymm_ymmm256b32, VEX_Vmulps_ymm_ymm_ymmm256, VEX_Vmulps_xmm_xmm_xmmm128; Folds;
    DivF64: EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vdivpd_ymm_k1z_ymm_ymmm256b64, VEX_Vdivpd_ymm_ymm_ymmm256, VEX_Vdivpd_xmm_xmm_xmmm128; Folds;
    DivF32: EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vdivps_ymm_k1z_ymm_ymmm256b32, VEX_Vdivps_ymm_ymm_ymmm256, VEX_Vdivps_xmm_xmm_xmmm128; Folds;
    MinF64: EVEX_Vminpd_zmm_k1z_zmm_zmmm512b64_sae, EVEX_Vminpd_ymm_k1z_ymm_ymmm256b64, VEX_Vminpd_ymm_ymm_ymmm256, VEX_Vminpd_xmm_xmm_xmmm128; Folds;
    MinF32: EVEX_Vminps_zmm_k1z_zmm_zmmm512b32_sae, EVEX_Vminps_ymm_k1z_ymm_ymmm256b32, VEX_Vminps_ymm_ymm_ymmm256, VEX_Vminps_xmm_xmm_xmmm128; Folds;
    MaxF64: EVEX_Vmaxpd_zmm_k1z_zmm_zmmm512b64_sae, EVEX_Vmaxpd_ymm_k1z_ymm_ymmm256b64, VEX_Vmaxpd_ymm_ymm_ymmm256, VEX_Vmaxpd_xmm_xmm_xmmm128; Folds;
    MaxF32: EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae, EVEX_Vmaxps_ymm_k1z_ymm_ymmm256b32, VEX_Vmaxps_ymm_ymm_ymmm256, VEX_Vmaxps_xmm_xmm_xmmm128; Folds;
    /// The least (4) or greatest (5) of two, of which neither is a signalling NaN.
    RangeF64: EVEX_Vrangepd_zmm_k1z_zmm_zmmm512b64_imm8_sae, EVEX_Vrangepd_ymm_k1z_ymm_ymmm256b64_imm8, INVALID, INVALID; Folds;
    /// The same in lanes of 32 bits.
    RangeF32: EVEX_Vrangeps_zmm_k1z_zmm_zmmm512b32_imm8_sae, EVEX_Vrangeps_ymm_k1z_ymm_ymmm256b32_imm8, INVALID, INVALID; Folds;
    /// By what kind of number the second operand is, the entry of the third says: the first (0), or that number (1).
    FixF64: EVEX_Vfixupimmpd_zmm_k1z_zmm_zmmm512b64_imm8_sae, EVEX_Vfixupimmpd_ymm_k1z_ymm_ymmm256b64_imm8, INVALID, INVALID; Folds;
    /// The same in lanes of 32 bits.
    FixF32: EVEX_Vfixupimmps_zmm_k1z_zmm_zmmm512b32_imm8_sae, EVEX_Vfixupimmps_ymm_k1z_ymm_ymmm256b32_imm8, INVALID, INVALID; Folds;
    /// 1 / x, to 14 bits.
    RoughReciprocalF64: EVEX_Vrcp14pd_zmm_k1z_zmmm512b64, INVALID, INVALID, INVALID; Folds;
    /// The binary exponent, as a float; of zero the infinity below.
    ExponentF64: EVEX_Vgetexppd_zmm_k1z_zmmm512b64_sae, INVALID, INVALID, INVALID; Folds;
    /// The lanes that are of one of the kinds that the immediate number says.
    ClassF64: EVEX_Vfpclasspd_kr_k1_zmmm512b64_imm8, INVALID, INVALID, INVALID; Folds;
    /// The same in lanes of 32 bits.
    ClassF32: EVEX_Vfpclassps_kr_k1_zmmm512b32_imm8, INVALID, INVALID, INVALID; Folds;
    SqrtF64: EVEX_Vsqrtpd_zmm_k1z_zmmm512b64_er, EVEX_Vsqrtpd_ymm_k1z_ymmm256b64, VEX_Vsqrtpd_ymm_ymmm256, VEX_Vsqrtpd_xmm_xmmm128; Folds;
    SqrtF32: EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er, EVEX_Vsqrtps_ymm_k1z_ymmm256b32, VEX_Vsqrtps_ymm_ymmm256, VEX_Vsqrtps_xmm_xmmm128; Folds;
    RoundF64: EVEX_Vrndscalepd_zmm_k1z_zmmm512b64_imm8_sae, EVEX_Vrndscalepd_ymm_k1z_ymmm256b64_imm8, VEX_Vroundpd_ymm_ymmm256_imm8, VEX_Vroundpd_xmm_xmmm128_imm8; Folds;
    RoundF32: EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae, EVEX_Vrndscaleps_ymm_k1z_ymmm256b32_imm8, VEX_Vroundps_ymm_ymmm256_imm8, VEX_Vroundps_xmm_xmmm128_imm8; Folds;
    CompareF64: EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae, EVEX_Vcmppd_kr_k1_ymm_ymmm256b64_imm8, VEX_Vcmppd_ymm_ymm_ymmm256_imm8, VEX_Vcmppd_xmm_xmm_xmmm128_imm8; Folds;
    CompareF32: EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, EVEX_Vcmpps_kr_k1_ymm_ymmm256b32_imm8, VEX_Vcmpps_ymm_ymm_ymmm256_imm8, VEX_Vcmpps_xmm_xmm_xmmm128_imm8; Folds;
    Fma132F64: EVEX_Vfmadd132pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmadd132pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmadd132pd_ymm_ymm_ymmm256, VEX_Vfmadd132pd_xmm_xmm_xmmm128; Folds;
    Fma132F32: EVEX_Vfmadd132ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmadd132ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmadd132ps_ymm_ymm_ymmm256, VEX_Vfmadd132ps_xmm_xmm_xmmm128; Folds;
    Fma213F64: EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmadd213pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmadd213pd_ymm_ymm_ymmm256, VEX_Vfmadd213pd_xmm_xmm_xmmm128; Folds;
    Fma213F32: EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmadd213ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmadd213ps_ymm_ymm_ymmm256, VEX_Vfmadd213ps_xmm_xmm_xmmm128; Folds;
    Fma231F64: EVEX_Vfmadd231pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmadd231pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmadd231pd_ymm_ymm_ymmm256, VEX_Vfmadd231pd_xmm_xmm_xmmm128; Folds;
    Fma231F32: EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmadd231ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmadd231ps_ymm_ymm_ymmm256, VEX_Vfmadd231ps_xmm_xmm_xmmm128; Folds;
    Fms132F64: EVEX_Vfmsub132pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmsub132pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmsub132pd_ymm_ymm_ymmm256, VEX_Vfmsub132pd_xmm_xmm_xmmm128; Folds;
    Fms132F32: EVEX_Vfmsub132ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmsub132ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmsub132ps_ymm_ymm_ymmm256, VEX_Vfmsub132ps_xmm_xmm_xmmm128; Folds;
    Fms213F64: EVEX_Vfmsub213pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmsub213pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmsub213pd_ymm_ymm_ymmm256, VEX_Vfmsub213pd_xmm_xmm_xmmm128; Folds;
    Fms213F32: EVEX_Vfmsub213ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmsub213ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmsub213ps_ymm_ymm_ymmm256, VEX_Vfmsub213ps_xmm_xmm_xmmm128; Folds;
    Fms231F64: EVEX_Vfmsub231pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfmsub231pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfmsub231pd_ymm_ymm_ymmm256, VEX_Vfmsub231pd_xmm_xmm_xmmm128; Folds;
    Fms231F32: EVEX_Vfmsub231ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfmsub231ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfmsub231ps_ymm_ymm_ymmm256, VEX_Vfmsub231ps_xmm_xmm_xmmm128; Folds;
    Fnma132F64: EVEX_Vfnmadd132pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmadd132pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmadd132pd_ymm_ymm_ymmm256, VEX_Vfnmadd132pd_xmm_xmm_xmmm128; Folds;
    Fnma132F32: EVEX_Vfnmadd132ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmadd132ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmadd132ps_ymm_ymm_ymmm256, VEX_Vfnmadd132ps_xmm_xmm_xmmm128; Folds;
    Fnma213F64: EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmadd213pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmadd213pd_ymm_ymm_ymmm256, VEX_Vfnmadd213pd_xmm_xmm_xmmm128; Folds;
    Fnma213F32: EVEX_Vfnmadd213ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmadd213ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmadd213ps_ymm_ymm_ymmm256, VEX_Vfnmadd213ps_xmm_xmm_xmmm128; Folds;
    Fnma231F64: EVEX_Vfnmadd231pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmadd231pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmadd231pd_ymm_ymm_ymmm256, VEX_Vfnmadd231pd_xmm_xmm_xmmm128; Folds;
    Fnma231F32: EVEX_Vfnmadd231ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmadd231ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmadd231ps_ymm_ymm_ymmm256, VEX_Vfnmadd231ps_xmm_xmm_xmmm128; Folds;
    Fnms132F64: EVEX_Vfnmsub132pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmsub132pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmsub132pd_ymm_ymm_ymmm256, VEX_Vfnmsub132pd_xmm_xmm_xmmm128; Folds;
    Fnms132F32: EVEX_Vfnmsub132ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmsub132ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmsub132ps_ymm_ymm_ymmm256, VEX_Vfnmsub132ps_xmm_xmm_xmmm128; Folds;
    Fnms213F64: EVEX_Vfnmsub213pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmsub213pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmsub213pd_ymm_ymm_ymmm256, VEX_Vfnmsub213pd_xmm_xmm_xmmm128; Folds;
    Fnms213F32: EVEX_Vfnmsub213ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmsub213ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmsub213ps_ymm_ymm_ymmm256, VEX_Vfnmsub213ps_xmm_xmm_xmmm128; Folds;
    Fnms231F64: EVEX_Vfnmsub231pd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vfnmsub231pd_ymm_k1z_ymm_ymmm256b64, VEX_Vfnmsub231pd_ymm_ymm_ymmm256, VEX_Vfnmsub231pd_xmm_xmm_xmmm128; Folds;
    Fnms231F32: EVEX_Vfnmsub231ps_zmm_k1z_zmm_zmmm512b32_er, EVEX_Vfnmsub231ps_ymm_k1z_ymm_ymmm256b32, VEX_Vfnmsub231ps_ymm_ymm_ymmm256, VEX_Vfnmsub231ps_xmm_xmm_xmmm128; Folds;
    ScaleF64: EVEX_Vscalefpd_zmm_k1z_zmm_zmmm512b64_er, EVEX_Vscalefpd_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    // bits
    And64: EVEX_Vpandq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpandq_ymm_k1z_ymm_ymmm256b64, VEX_Vpand_ymm_ymm_ymmm256, VEX_Vpand_xmm_xmm_xmmm128; Folds;
    And32: EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpandd_ymm_k1z_ymm_ymmm256b32, VEX_Vpand_ymm_ymm_ymmm256, VEX_Vpand_xmm_xmm_xmmm128; Folds;
    Or64: EVEX_Vporq_zmm_k1z_zmm_zmmm512b64, EVEX_Vporq_ymm_k1z_ymm_ymmm256b64, VEX_Vpor_ymm_ymm_ymmm256, VEX_Vpor_xmm_xmm_xmmm128; Folds;
    Or32: EVEX_Vpord_zmm_k1z_zmm_zmmm512b32, EVEX_Vpord_ymm_k1z_ymm_ymmm256b32, VEX_Vpor_ymm_ymm_ymmm256, VEX_Vpor_xmm_xmm_xmmm128; Folds;
    Xor64: EVEX_Vpxorq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpxorq_ymm_k1z_ymm_ymmm256b64, VEX_Vpxor_ymm_ymm_ymmm256, VEX_Vpxor_xmm_xmm_xmmm128; Folds;
    Xor32: EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, EVEX_Vpxord_ymm_k1z_ymm_ymmm256b32, VEX_Vpxor_ymm_ymm_ymmm256, VEX_Vpxor_xmm_xmm_xmmm128; Folds;
    Andn64: EVEX_Vpandnq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpandnq_ymm_k1z_ymm_ymmm256b64, VEX_Vpandn_ymm_ymm_ymmm256, VEX_Vpandn_xmm_xmm_xmmm128; Folds;
    Andn32: EVEX_Vpandnd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpandnd_ymm_k1z_ymm_ymmm256b32, VEX_Vpandn_ymm_ymm_ymmm256, VEX_Vpandn_xmm_xmm_xmmm128; Folds;
    Ternary64: EVEX_Vpternlogq_zmm_k1z_zmm_zmmm512b64_imm8, EVEX_Vpternlogq_ymm_k1z_ymm_ymmm256b64_imm8, INVALID, INVALID; Folds;
    Ternary32: EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, EVEX_Vpternlogd_ymm_k1z_ymm_ymmm256b32_imm8, INVALID, INVALID; Folds;
    Shl64: EVEX_Vpsllq_zmm_k1z_zmmm512b64_imm8, EVEX_Vpsllq_ymm_k1z_ymmm256b64_imm8, VEX_Vpsllq_ymm_ymm_imm8, VEX_Vpsllq_xmm_xmm_imm8; Registers;
    Shl32: EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, EVEX_Vpslld_ymm_k1z_ymmm256b32_imm8, VEX_Vpslld_ymm_ymm_imm8, VEX_Vpslld_xmm_xmm_imm8; Registers;
    Shr64: EVEX_Vpsrlq_zmm_k1z_zmmm512b64_imm8, EVEX_Vpsrlq_ymm_k1z_ymmm256b64_imm8, VEX_Vpsrlq_ymm_ymm_imm8, VEX_Vpsrlq_xmm_xmm_imm8; Registers;
    Shr32: EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, EVEX_Vpsrld_ymm_k1z_ymmm256b32_imm8, VEX_Vpsrld_ymm_ymm_imm8, VEX_Vpsrld_xmm_xmm_imm8; Registers;
    Sar64: EVEX_Vpsraq_zmm_k1z_zmmm512b64_imm8, EVEX_Vpsraq_ymm_k1z_ymmm256b64_imm8, INVALID, INVALID; Registers;
    Sar32: EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8, EVEX_Vpsrad_ymm_k1z_ymmm256b32_imm8, VEX_Vpsrad_ymm_ymm_imm8, VEX_Vpsrad_xmm_xmm_imm8; Registers;
    ShlBy64: EVEX_Vpsllvq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpsllvq_ymm_k1z_ymm_ymmm256b64, VEX_Vpsllvq_ymm_ymm_ymmm256, VEX_Vpsllvq_xmm_xmm_xmmm128; Folds;
    ShlBy32: EVEX_Vpsllvd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpsllvd_ymm_k1z_ymm_ymmm256b32, VEX_Vpsllvd_ymm_ymm_ymmm256, VEX_Vpsllvd_xmm_xmm_xmmm128; Folds;
    ShrBy64: EVEX_Vpsrlvq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpsrlvq_ymm_k1z_ymm_ymmm256b64, VEX_Vpsrlvq_ymm_ymm_ymmm256, VEX_Vpsrlvq_xmm_xmm_xmmm128; Folds;
    ShrBy32: EVEX_Vpsrlvd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpsrlvd_ymm_k1z_ymm_ymmm256b32, VEX_Vpsrlvd_ymm_ymm_ymmm256, VEX_Vpsrlvd_xmm_xmm_xmmm128; Folds;
    SarBy64: EVEX_Vpsravq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpsravq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    SarBy32: EVEX_Vpsravd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpsravd_ymm_k1z_ymm_ymmm256b32, VEX_Vpsravd_ymm_ymm_ymmm256, VEX_Vpsravd_xmm_xmm_xmmm128; Folds;
    RotlBy64: EVEX_Vprolvq_zmm_k1z_zmm_zmmm512b64, EVEX_Vprolvq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    RotlBy32: EVEX_Vprolvd_zmm_k1z_zmm_zmmm512b32, EVEX_Vprolvd_ymm_k1z_ymm_ymmm256b32, INVALID, INVALID; Folds;
    RotrBy64: EVEX_Vprorvq_zmm_k1z_zmm_zmmm512b64, EVEX_Vprorvq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    RotrBy32: EVEX_Vprorvd_zmm_k1z_zmm_zmmm512b32, EVEX_Vprorvd_ymm_k1z_ymm_ymmm256b32, INVALID, INVALID; Folds;
    // integers
    Add64: EVEX_Vpaddq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpaddq_ymm_k1z_ymm_ymmm256b64, VEX_Vpaddq_ymm_ymm_ymmm256, VEX_Vpaddq_xmm_xmm_xmmm128; Folds;
    Add32: EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpaddd_ymm_k1z_ymm_ymmm256b32, VEX_Vpaddd_ymm_ymm_ymmm256, VEX_Vpaddd_xmm_xmm_xmmm128; Folds;
    Sub64: EVEX_Vpsubq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpsubq_ymm_k1z_ymm_ymmm256b64, VEX_Vpsubq_ymm_ymm_ymmm256, VEX_Vpsubq_xmm_xmm_xmmm128; Folds;
    Sub32: EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpsubd_ymm_k1z_ymm_ymmm256b32, VEX_Vpsubd_ymm_ymm_ymmm256, VEX_Vpsubd_xmm_xmm_xmmm128; Folds;
    Mul64: EVEX_Vpmullq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpmullq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    Mul32: EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, EVEX_Vpmulld_ymm_k1z_ymm_ymmm256b32, VEX_Vpmulld_ymm_ymm_ymmm256, VEX_Vpmulld_xmm_xmm_xmmm128; Folds;
    MulWideS: EVEX_Vpmuldq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpmuldq_ymm_k1z_ymm_ymmm256b64, VEX_Vpmuldq_ymm_ymm_ymmm256, VEX_Vpmuldq_xmm_xmm_xmmm128; Folds;
    MulWideU: EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpmuludq_ymm_k1z_ymm_ymmm256b64, VEX_Vpmuludq_ymm_ymm_ymmm256, VEX_Vpmuludq_xmm_xmm_xmmm128; Folds;
    MinS64: EVEX_Vpminsq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpminsq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    MinS32: EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpminsd_ymm_k1z_ymm_ymmm256b32, VEX_Vpminsd_ymm_ymm_ymmm256, VEX_Vpminsd_xmm_xmm_xmmm128; Folds;
    MinU64: EVEX_Vpminuq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpminuq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    MinU32: EVEX_Vpminud_zmm_k1z_zmm_zmmm512b32, EVEX_Vpminud_ymm_k1z_ymm_ymmm256b32, VEX_Vpminud_ymm_ymm_ymmm256, VEX_Vpminud_xmm_xmm_xmmm128; Folds;
    MaxS64: EVEX_Vpmaxsq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpmaxsq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    MaxS32: EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpmaxsd_ymm_k1z_ymm_ymmm256b32, VEX_Vpmaxsd_ymm_ymm_ymmm256, VEX_Vpmaxsd_xmm_xmm_xmmm128; Folds;
    MaxU64: EVEX_Vpmaxuq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpmaxuq_ymm_k1z_ymm_ymmm256b64, INVALID, INVALID; Folds;
    MaxU32: EVEX_Vpmaxud_zmm_k1z_zmm_zmmm512b32, EVEX_Vpmaxud_ymm_k1z_ymm_ymmm256b32, VEX_Vpmaxud_ymm_ymm_ymmm256, VEX_Vpmaxud_xmm_xmm_xmmm128; Folds;
    Abs64: EVEX_Vpabsq_zmm_k1z_zmmm512b64, EVEX_Vpabsq_ymm_k1z_ymmm256b64, INVALID, INVALID; Folds;
    Abs32: EVEX_Vpabsd_zmm_k1z_zmmm512b32, EVEX_Vpabsd_ymm_k1z_ymmm256b32, VEX_Vpabsd_ymm_ymmm256, VEX_Vpabsd_xmm_xmmm128; Folds;
    CompareS64: EVEX_Vpcmpq_kr_k1_zmm_zmmm512b64_imm8, EVEX_Vpcmpq_kr_k1_ymm_ymmm256b64_imm8, INVALID, INVALID; Folds;
    CompareS32: EVEX_Vpcmpd_kr_k1_zmm_zmmm512b32_imm8, EVEX_Vpcmpd_kr_k1_ymm_ymmm256b32_imm8, INVALID, INVALID; Folds;
    CompareU64: EVEX_Vpcmpuq_kr_k1_zmm_zmmm512b64_imm8, EVEX_Vpcmpuq_kr_k1_ymm_ymmm256b64_imm8, INVALID, INVALID; Folds;
    CompareU32: EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8, EVEX_Vpcmpud_kr_k1_ymm_ymmm256b32_imm8, INVALID, INVALID; Folds;
    Equal64: INVALID, INVALID, VEX_Vpcmpeqq_ymm_ymm_ymmm256, VEX_Vpcmpeqq_xmm_xmm_xmmm128; Folds;
    Equal32: INVALID, INVALID, VEX_Vpcmpeqd_ymm_ymm_ymmm256, VEX_Vpcmpeqd_xmm_xmm_xmmm128; Folds;
    Greater64: INVALID, INVALID, VEX_Vpcmpgtq_ymm_ymm_ymmm256, VEX_Vpcmpgtq_xmm_xmm_xmmm128; Folds;
    Greater32: INVALID, INVALID, VEX_Vpcmpgtd_ymm_ymm_ymmm256, VEX_Vpcmpgtd_xmm_xmm_xmmm128; Folds;
    // masks and choice
    Test64: EVEX_Vptestmq_kr_k1_zmm_zmmm512b64, EVEX_Vptestmq_kr_k1_ymm_ymmm256b64, INVALID, INVALID; Folds;
    Test32: EVEX_Vptestmd_kr_k1_zmm_zmmm512b32, EVEX_Vptestmd_kr_k1_ymm_ymmm256b32, INVALID, INVALID; Folds;
    TestNot64: EVEX_Vptestnmq_kr_k1_zmm_zmmm512b64, EVEX_Vptestnmq_kr_k1_ymm_ymmm256b64, INVALID, INVALID; Folds;
    Signs64: EVEX_Vpmovq2m_kr_zmm, EVEX_Vpmovq2m_kr_ymm, INVALID, INVALID; Registers;
    Signs32: EVEX_Vpmovd2m_kr_zmm, EVEX_Vpmovd2m_kr_ymm, INVALID, INVALID; Registers;
    Blend64: EVEX_Vpblendmq_zmm_k1z_zmm_zmmm512b64, EVEX_Vpblendmq_ymm_k1z_ymm_ymmm256b64, VEX_Vblendvpd_ymm_ymm_ymmm256_ymm, VEX_Vblendvpd_xmm_xmm_xmmm128_xmm; Folds;
    Blend32: EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32, EVEX_Vpblendmd_ymm_k1z_ymm_ymmm256b32, VEX_Vblendvps_ymm_ymm_ymmm256_ymm, VEX_Vblendvps_xmm_xmm_xmmm128_xmm; Folds;
    Keep64: EVEX_Vmovdqa64_zmm_k1z_zmmm512, EVEX_Vmovdqa64_ymm_k1z_ymmm256, INVALID, INVALID; Registers;
    Keep32: EVEX_Vmovdqa32_zmm_k1z_zmmm512, EVEX_Vmovdqa32_ymm_k1z_ymmm256, INVALID, INVALID; Registers;
    MaskAnd: VEX_Kandw_kr_kr_kr, INVALID, INVALID, INVALID; Registers;
    MaskOr: VEX_Korw_kr_kr_kr, INVALID, INVALID, INVALID; Registers;
    MaskXor: VEX_Kxorw_kr_kr_kr, INVALID, INVALID, INVALID; Registers;
    MaskAndn: VEX_Kandnw_kr_kr_kr, INVALID, INVALID, INVALID; Registers;
    MaskNot: VEX_Knotw_kr_kr, INVALID, INVALID, INVALID; Registers;
    // conversions: the name says from and to
    I32ToF64: EVEX_Vcvtdq2pd_zmm_k1z_ymmm256b32_er, INVALID, VEX_Vcvtdq2pd_ymm_xmmm128, INVALID; Registers;
    U32ToF64: EVEX_Vcvtudq2pd_zmm_k1z_ymmm256b32_er, INVALID, INVALID, INVALID; Registers;
    I64ToF64: EVEX_Vcvtqq2pd_zmm_k1z_zmmm512b64_er, EVEX_Vcvtqq2pd_ymm_k1z_ymmm256b64, INVALID, INVALID; Registers;
    U64ToF64: EVEX_Vcvtuqq2pd_zmm_k1z_zmmm512b64_er, EVEX_Vcvtuqq2pd_ymm_k1z_ymmm256b64, INVALID, INVALID; Registers;
    I32ToF32: EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, EVEX_Vcvtdq2ps_ymm_k1z_ymmm256b32, VEX_Vcvtdq2ps_ymm_ymmm256, VEX_Vcvtdq2ps_xmm_xmmm128; Registers;
    U32ToF32: EVEX_Vcvtudq2ps_zmm_k1z_zmmm512b32_er, EVEX_Vcvtudq2ps_ymm_k1z_ymmm256b32, INVALID, INVALID; Registers;
    I64ToF32: EVEX_Vcvtqq2ps_ymm_k1z_zmmm512b64_er, INVALID, INVALID, INVALID; Registers;
    U64ToF32: EVEX_Vcvtuqq2ps_ymm_k1z_zmmm512b64_er, INVALID, INVALID, INVALID; Registers;
    F64ToI32: EVEX_Vcvttpd2dq_ymm_k1z_zmmm512b64_sae, INVALID, VEX_Vcvttpd2dq_xmm_ymmm256, INVALID; Registers;
    F64ToU32: EVEX_Vcvttpd2udq_ymm_k1z_zmmm512b64_sae, INVALID, INVALID, INVALID; Registers;
    F64ToI64: EVEX_Vcvttpd2qq_zmm_k1z_zmmm512b64_sae, EVEX_Vcvttpd2qq_ymm_k1z_ymmm256b64, INVALID, INVALID; Registers;
    F64ToU64: EVEX_Vcvttpd2uqq_zmm_k1z_zmmm512b64_sae, EVEX_Vcvttpd2uqq_ymm_k1z_ymmm256b64, INVALID, INVALID; Registers;
    F32ToI32: EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae, EVEX_Vcvttps2dq_ymm_k1z_ymmm256b32, VEX_Vcvttps2dq_ymm_ymmm256, VEX_Vcvttps2dq_xmm_xmmm128; Registers;
    F32ToU32: EVEX_Vcvttps2udq_zmm_k1z_zmmm512b32_sae, EVEX_Vcvttps2udq_ymm_k1z_ymmm256b32, INVALID, INVALID; Registers;
    F32ToI64: EVEX_Vcvttps2qq_zmm_k1z_ymmm256b32_sae, INVALID, INVALID, INVALID; Registers;
    F32ToU64: EVEX_Vcvttps2uqq_zmm_k1z_ymmm256b32_sae, INVALID, INVALID, INVALID; Registers;
    F32ToF64: EVEX_Vcvtps2pd_zmm_k1z_ymmm256b32_sae, INVALID, VEX_Vcvtps2pd_ymm_xmmm128, INVALID; Registers;
    F64ToF32: EVEX_Vcvtpd2ps_ymm_k1z_zmmm512b64_er, INVALID, VEX_Vcvtpd2ps_xmm_ymmm256, INVALID; Registers;
    I32ToI64: EVEX_Vpmovsxdq_zmm_k1z_ymmm256, INVALID, VEX_Vpmovsxdq_ymm_xmmm128, INVALID; Registers;
    U32ToU64: EVEX_Vpmovzxdq_zmm_k1z_ymmm256, INVALID, VEX_Vpmovzxdq_ymm_xmmm128, INVALID; Registers;
    Low32: EVEX_Vpmovqd_ymmm256_k1z_zmm, INVALID, INVALID, INVALID; Registers;
    High128: INVALID, INVALID, VEX_Vextracti128_xmmm128_ymm_imm8, INVALID; Registers;
    Shuffle32: INVALID, INVALID, VEX_Vshufps_ymm_ymm_ymmm256_imm8, VEX_Vshufps_xmm_xmm_xmmm128_imm8; Registers;
    PackU16: INVALID, INVALID, INVALID, VEX_Vpackusdw_xmm_xmm_xmmm128; Registers;
    PackU8: INVALID, INVALID, INVALID, VEX_Vpackuswb_xmm_xmm_xmmm128; Registers;
}

impl Machine {
    /// Whether the result takes the place of an operand, whichever the code chooses.
    pub(super) fn takes_place(self) -> bool {
        self.forms().is_some() || matches!(self, Machine::Ternary64 | Machine::Ternary32)
    }

    /// Whether the result begins as the first operand, while the others are still read.
    pub(super) fn is_begun(self) -> bool {
        matches!(self, Machine::FixF64 | Machine::FixF32)
    }

    /// Whether only the lower half of a register that is twice as wide as the result is read.
    pub(super) fn reads_lower(self) -> bool {
        matches!(self, Machine::Shuffle32 | Machine::PackU16)
    }

    /// The forms of a product and sum of which this is the second: 132, 213 and 231.
    pub(super) fn forms(self) -> Option<[Machine; 3]> {
        Some(match self {
            Machine::Fma213F64 => [Machine::Fma132F64, self, Machine::Fma231F64],
            Machine::Fma213F32 => [Machine::Fma132F32, self, Machine::Fma231F32],
            Machine::Fms213F64 => [Machine::Fms132F64, self, Machine::Fms231F64],
            Machine::Fms213F32 => [Machine::Fms132F32, self, Machine::Fms231F32],
            Machine::Fnma213F64 => [Machine::Fnma132F64, self, Machine::Fnma231F64],
            Machine::Fnma213F32 => [Machine::Fnma132F32, self, Machine::Fnma231F32],
            Machine::Fnms213F64 => [Machine::Fnms132F64, self, Machine::Fnms231F64],
            Machine::Fnms213F32 => [Machine::Fnms132F32, self, Machine::Fnms231F32],
            _ => return None,
        })
    }
}
