//! The key of pseudonyms: without it nobody can try out which name has which.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;

/// A shorter key can be found by trying.
pub const LEAST_BYTES: usize = 16;

/// A key.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Why it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is too short.
    #[error(
        "the key has {0} bytes; it takes at least {LEAST_BYTES}, such as what `openssl rand -hex 16` prints"
    )]
    Short(usize),
}

impl Key {
    /// Takes bytes of any number from [`LEAST_BYTES`] on.
    ///
    /// # Errors
    ///
    /// [`KeyError::Short`].
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() < LEAST_BYTES {
            return Err(KeyError::Short(bytes.len()));
        }
        // HMAC takes keys of every length.
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| KeyError::Short(bytes.len()))
    }

    /// The hash of `parts`, in hexadecimal digits. No part may hold a zero byte: it ends them.
    pub(super) fn digits(&self, parts: [&[u8]; 2]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_is_refused_and_none_is_printed() {
        assert_eq!(Key::new(&[7; 15]).unwrap_err(), KeyError::Short(15));
        let key = Key::new(b"0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?}"), "Key(..)");
        assert_eq!(key.digits([b"pod", b"a"]).len(), 64);
        assert_ne!(key.digits([b"pod", b"a"]), key.digits([b"poda", b""]));
    }

    /// RFC 4231, test case 2, so that a key gives the same pseudonyms in every version.
    #[test]
    fn it_is_hmac_sha256() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
