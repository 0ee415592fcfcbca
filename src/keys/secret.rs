//! Secret keys: never printed, wiped from memory when dropped.

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::{
    keys::{PublicKey, Signature},
    text::{self, TextError},
};

/// A secret key. Has no `Debug` and no `Display`, so that no log line and no error can carry it.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Takes a seed of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads the text form, `secret1...`. Not `FromStr`, so that nothing reads a secret without meaning to.
    ///
    /// Errors: [`TextError`], which never carries any of the text.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let seed = Zeroizing::new(text::decode(KIND, text)?);
        Ok(Self::from_seed(&seed))
    }

    /// Returns the text form, `secret1...`, which is wiped when dropped. For key files; never to be shown.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(text::encode(KIND, self.0.as_bytes()))
    }

    /// Returns the public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` (RFC 8032, deterministic).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

const KIND: &str = "secret";

#[cfg(test)]
mod tests {
    use super::SecretKey;
    use crate::text::TextError;

    #[test]
    fn a_secret_key_reads_back_from_its_text() {
        let key = SecretKey::from_seed(&[5; 32]);
        let text = key.to_text();
        assert!(text.starts_with("secret1"));
        let read = SecretKey::from_text(&text).map(|key| key.public());
        assert_eq!(read, Ok(key.public()));
    }

    #[test]
    fn a_public_key_is_no_secret_key_and_an_error_tells_nothing() {
        let key = SecretKey::from_seed(&[5; 32]);
        let found = SecretKey::from_text(&key.public().to_string()).map(|_| ());
        assert_eq!(found, Err(TextError::Kind { kind: "secret", found: "key".into() }));
        let mut text = key.to_text().to_string();
        text.pop();
        let error = SecretKey::from_text(&text).map(|_| ()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&text[7..20]), "{error:?}");
    }

    #[test]
    fn rfc_8032_test_1_and_2() {
        // RFC 8032 section 7.1.
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let key = SecretKey::from_seed(&seed);
            assert_eq!(hex::encode(key.public().as_bytes()), public);
            let signed = key.sign(&hex::decode(message).unwrap());
            assert_eq!(hex::encode(signed.as_bytes()), signature);
        }
    }
}
