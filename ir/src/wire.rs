//! The bytes in which a kernel travels. docs/wire-format.md is the specification.
//!
//! ```text
//!  0      4      6       8       12               28
//!  "FBIR" | fmt  | flags | length | blake3(body) ... | body
//!           u16    u16     u32      16 bytes           `length` bytes of bincode: Core, then Names
//! ```
//!
//! bincode is named in this file only, so that a swap of codec is a change of one file. The body is flat:
//! no recursion, no zero-sized items, no maps, floats as bits. Decoding trusts nothing: size limits before
//! any allocation, then the digest, the codec with its own limit, the verifier, and at last encoding again,
//! which must give the very same bytes (so that no kernel has two encodings).

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::error::KernelError;
use crate::kernel::{Core, Kernel, KernelId, Names, SEMANTICS_VERSION, VerifiedKernel};
use crate::limits::WIRE_BYTES_MAX;
use crate::verify::verify;

const MAGIC: &[u8; 4] = b"FBIR";
/// Version of the wire form.
pub const WIRE_VERSION: u16 = 2;
const HEADER_BYTES: usize = 28;

#[derive(Serialize)]
struct BodyRef<'a> {
    core: &'a Core,
    names: &'a Names,
}

#[derive(Deserialize)]
struct Body {
    core: Core,
    names: Names,
}

/// The wire bytes of a kernel: its core and names. The source does not travel.
pub fn encode(kernel: &VerifiedKernel) -> Vec<u8> {
    encode_parts(&kernel.core, &kernel.names)
}

fn encode_parts(core: &Core, names: &Names) -> Vec<u8> {
    let body = codec::to_bytes(&BodyRef { core, names });
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&WIRE_VERSION.to_le_bytes());
    bytes.extend_from_slice(&0u16.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&blake3::hash(&body).as_bytes()[..16]);
    bytes.extend_from_slice(&body);
    bytes
}

/// The kernel that these bytes are.
///
/// # Errors
/// `VersionSkew` for another wire or semantics version, `KernelTooLarge` beyond `WIRE_BYTES_MAX`, `Decode`
/// for anything else that `encode` would not have made.
pub fn decode(bytes: &[u8]) -> Result<VerifiedKernel, KernelError> {
    if bytes.len() > WIRE_BYTES_MAX {
        let detail = format!("{} bytes, the limit is {WIRE_BYTES_MAX}", bytes.len());
        return Err(KernelError::new(Code::KernelTooLarge, detail));
    }
    let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Err(bad(bytes.len(), "shorter than a header"));
    };
    if !header.starts_with(MAGIC) {
        return Err(bad(0, "no magic FBIR"));
    }
    let version = u16::from_le_bytes([header[4], header[5]]);
    if version != WIRE_VERSION {
        let detail = format!("wire version {version}, this build reads {WIRE_VERSION}");
        return Err(KernelError::new(Code::VersionSkew, detail));
    }
    if header[6..8] != [0, 0] {
        return Err(bad(6, "unknown flags"));
    }
    if u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize != body.len() {
        return Err(bad(8, "length does not match"));
    }
    if blake3::hash(body).as_bytes()[..16] != header[12..28] {
        return Err(bad(12, "digest does not match"));
    }
    let (parsed, consumed) = codec::from_bytes::<Body>(body).map_err(|e| bad(HEADER_BYTES, &e))?;
    if consumed != body.len() {
        return Err(bad(HEADER_BYTES + consumed, "trailing bytes"));
    }
    if parsed.core.semantics != SEMANTICS_VERSION {
        let detail = format!("semantics version {}, this build knows {SEMANTICS_VERSION}", parsed.core.semantics);
        return Err(KernelError::new(Code::VersionSkew, detail));
    }
    let kernel = Kernel { core: parsed.core, names: parsed.names, source: None };
    if encode_parts(&kernel.core, &kernel.names) != bytes {
        return Err(bad(HEADER_BYTES, "not the canonical encoding"));
    }
    verify(kernel).map_err(|found| {
        let first = found.list.first();
        let code = first.map_or(Code::Malformed, |d| d.code);
        KernelError::new(code, first.map_or_else(String::new, |d| d.message.clone()))
    })
}

/// Identity of a core, blake3 of its canonical bytes, and how many wire bytes the kernel takes.
pub(crate) fn seal(kernel: &Kernel) -> (KernelId, usize) {
    let core = codec::to_bytes(&kernel.core);
    let bytes = HEADER_BYTES + core.len() + codec::to_bytes(&kernel.names).len();
    (KernelId(*blake3::hash(&core).as_bytes()), bytes)
}

fn bad(offset: usize, what: &str) -> KernelError {
    KernelError::new(Code::Decode, format!("{what} (byte {offset})"))
}

/// The codec: bincode 2, standard configuration, bounded.
mod codec {
    use super::WIRE_BYTES_MAX;

    /// The codec counts what it decodes to, and no number takes more than 8 bytes for one of the wire. So the
    /// limit refuses no kernel of `WIRE_BYTES_MAX`, and bounds what a false length can ask for.
    const DECODED_BYTES_MAX: usize = 8 * WIRE_BYTES_MAX;

    pub(super) fn to_bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
        bincode::serde::encode_to_vec(value, bincode::config::standard())
            .expect("a table of numbers and strings always encodes")
    }

    pub(super) fn from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), String> {
        let config = bincode::config::standard().with_limit::<DECODED_BYTES_MAX>();
        bincode::serde::decode_from_slice(bytes, config).map_err(|e| e.to_string())
    }
}
