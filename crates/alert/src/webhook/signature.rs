//! Standard Webhooks 1.0.0, symmetric: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// The key of one endpoint.
pub(super) struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// `whsec_` and base64, with or without padding. `None` when it is something else, which the form does not let in.
    pub(super) fn parse(secret: &SecretString) -> Option<Self> {
        let encoded = secret.expose_secret().strip_prefix("whsec_")?;
        let key = STANDARD.decode(encoded).ok()?;
        Some(Self(key.into()))
    }

    /// The value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test suites.
    #[test]
    fn the_published_vector_holds() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = SigningKey::parse(&secret).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(
            signature.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn a_secret_of_another_shape_is_no_key() {
        for text in ["", "secret", "whsec_***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(SigningKey::parse(&SecretString::from(text)).is_none(), "{text}");
        }
    }
}
