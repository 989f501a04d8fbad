//! Who may give this process code: seals of entries and bundles, and the keys for them.
//!
//! A secret seals by blake3 in keyed mode: whoever can check can also make. A pair of keys seals by ed25519: an
//! executor that holds the verifying key alone can be taken over without that anybody else runs its code.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::entry::SealKind;

const SECRET_CONTEXT: &str = "filbert 2026-11 kernel cache entry";
const ENTRY_CONTEXT: &[u8] = b"filbert kernel cache entry 1\n";
const BUNDLE_CONTEXT: &[u8] = b"filbert bundle 1\n";

/// A key, as it stands in a file.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyText {
    /// Shared by all who read and write.
    Secret([u8; 32]),
    /// For who writes.
    Sign([u8; 32]),
    /// For who reads.
    Verify([u8; 32]),
}

const PREFIXES: [&str; 3] = ["filbert-secret-1 ", "filbert-sign-1 ", "filbert-verify-1 "];

impl KeyText {
    /// The key of a file's text: one line.
    pub fn parse(text: &str) -> Option<KeyText> {
        let line = text.strip_suffix('\n').unwrap_or(text).trim_end_matches('\r');
        let (kind, digits) = PREFIXES.iter().enumerate().find_map(|(n, p)| Some((n, line.strip_prefix(p)?)))?;
        let bytes = from_hex(digits)?;
        Some(match kind {
            0 => KeyText::Secret(bytes),
            1 => KeyText::Sign(bytes),
            _ => KeyText::Verify(bytes),
        })
    }

    /// The line, with its end.
    pub fn line(&self) -> String {
        let (prefix, bytes) = match self {
            KeyText::Secret(bytes) => (PREFIXES[0], bytes),
            KeyText::Sign(bytes) => (PREFIXES[1], bytes),
            KeyText::Verify(bytes) => (PREFIXES[2], bytes),
        };
        format!("{prefix}{}\n", hex(bytes))
    }

    /// The key that verifies what this one signs; itself if it is one that verifies.
    pub fn verifying(&self) -> Option<KeyText> {
        match self {
            KeyText::Secret(_) => None,
            KeyText::Sign(bytes) => Some(KeyText::Verify(SigningKey::from_bytes(bytes).verifying_key().to_bytes())),
            KeyText::Verify(_) => Some(self.clone()),
        }
    }

    /// What it is called in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            KeyText::Secret(_) => "a secret",
            KeyText::Sign(_) => "a signing key",
            KeyText::Verify(_) => "a verifying key",
        }
    }
}

/// No key is printed by accident.
impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// Makes and checks the seals of entries.
pub struct Seal {
    by: By,
}

enum By {
    Secret([u8; 32]),
    Signer(Box<SigningKey>),
    Verifier(VerifyingKey),
}

impl Seal {
    /// Nothing for 32 bytes that are no point of the curve, where they should be a verifying key.
    pub fn new(key: &KeyText) -> Option<Seal> {
        let by = match key {
            KeyText::Secret(secret) => By::Secret(blake3::derive_key(SECRET_CONTEXT, secret)),
            KeyText::Sign(bytes) => By::Signer(Box::new(SigningKey::from_bytes(bytes))),
            KeyText::Verify(bytes) => By::Verifier(VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())?),
        };
        Some(Seal { by })
    }

    /// What the seals look like.
    pub fn kind(&self) -> SealKind {
        match self.by {
            By::Secret(_) => SealKind::Keyed,
            By::Signer(_) | By::Verifier(_) => SealKind::Signed,
        }
    }

    /// Whether it can make seals.
    pub fn can_seal(&self) -> bool {
        !matches!(self.by, By::Verifier(_))
    }

    /// The seal of an entry's bytes; nothing if it can only check.
    pub fn seal(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match &self.by {
            By::Secret(secret) => Some(blake3::keyed_hash(secret, bytes).as_bytes().to_vec()),
            By::Signer(key) => Some(key.sign(&message(ENTRY_CONTEXT, bytes)).to_vec()),
            By::Verifier(_) => None,
        }
    }

    /// Whether this is the seal of these bytes. Takes the same time for every wrong one.
    pub fn is_of(&self, seal: &[u8], bytes: &[u8]) -> bool {
        match &self.by {
            // `Hash` compares in constant time.
            By::Secret(secret) => seal.try_into().is_ok_and(|seal: [u8; 32]| blake3::keyed_hash(secret, bytes) == seal),
            By::Signer(key) => verifies(&key.verifying_key(), ENTRY_CONTEXT, seal, bytes),
            By::Verifier(key) => verifies(key, ENTRY_CONTEXT, seal, bytes),
        }
    }
}

/// The signature of a bundle's bytes; nothing if the key is none that signs.
pub fn sign_bundle(key: &KeyText, bytes: &[u8]) -> Option<[u8; 64]> {
    let KeyText::Sign(key) = key else { return None };
    Some(SigningKey::from_bytes(key).sign(&message(BUNDLE_CONTEXT, bytes)).to_bytes())
}

/// Whether a signature is that of a bundle's bytes, by this pair of keys; either key will do.
pub fn verifies_bundle(key: &KeyText, signature: &[u8], bytes: &[u8]) -> bool {
    let Some(KeyText::Verify(key)) = key.verifying() else { return false };
    VerifyingKey::from_bytes(&key).is_ok_and(|key| verifies(&key, BUNDLE_CONTEXT, signature, bytes))
}

fn verifies(key: &VerifyingKey, context: &[u8], signature: &[u8], bytes: &[u8]) -> bool {
    let signature = Signature::from_slice(signature);
    signature.is_ok_and(|signature| key.verify_strict(&message(context, bytes), &signature).is_ok())
}

fn message(context: &[u8], bytes: &[u8]) -> Vec<u8> {
    [context, blake3::hash(bytes).as_bytes()].concat()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[digit as usize]))
        .collect()
}

/// The bytes of lower-case hexadecimal digits, two each.
pub(crate) fn from_hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_lines() {
        for key in
            [KeyText::Secret([7; 32]), KeyText::Sign([8; 32]), KeyText::Sign([9; 32]).verifying().expect("has one")]
        {
            assert_eq!(KeyText::parse(&key.line()), Some(key.clone()));
            assert_eq!(KeyText::parse(key.line().trim_end()), Some(key.clone()));
            assert!(!format!("{key:?}").contains("0707"));
        }
        let line = KeyText::Secret([7; 32]).line();
        for wrong in
            ["", "filbert-secret-1", &line[1..], &line[..80], &line.replace("07", "0G"), &format!("{line}{line}")]
        {
            assert_eq!(KeyText::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_the_right_key_makes_the_right_seal() {
        let sign = KeyText::Sign([3; 32]);
        let seals = [KeyText::Secret([1; 32]), KeyText::Secret([2; 32]), sign.clone(), KeyText::Sign([4; 32])];
        let seals: Vec<Seal> = seals.iter().map(|key| Seal::new(key).expect("a key")).collect();
        for (n, seal) in seals.iter().enumerate() {
            let made = seal.seal(b"bytes").expect("it can");
            assert_eq!(made.len(), seal.kind().bytes());
            assert!(seal.is_of(&made, b"bytes") && !seal.is_of(&made, b"bytez") && !seal.is_of(b"", b"bytes"));
            for (m, other) in seals.iter().enumerate() {
                assert_eq!(other.is_of(&made, b"bytes"), n == m);
            }
        }
        let verifier = Seal::new(&sign.verifying().expect("has one")).expect("a key");
        assert!(!verifier.can_seal() && verifier.seal(b"bytes").is_none());
        let made = seals[2].seal(b"bytes").expect("it can");
        assert!(verifier.is_of(&made, b"bytes") && !verifier.is_of(&made, b"byte"));
        // The signature of a bundle is none of an entry.
        let of_bundle = sign_bundle(&sign, b"bytes").expect("it signs");
        assert!(verifies_bundle(&sign.verifying().expect("has one"), &of_bundle, b"bytes"));
        assert!(!verifier.is_of(&of_bundle, b"bytes") && !verifies_bundle(&sign, &made, b"bytes"));
        // The neutral element verifies anything for some.
        assert!(Seal::new(&KeyText::Verify(std::array::from_fn(|n| u8::from(n == 0)))).is_none());
    }
}
