//! Secrets that are easy to find where they must not be.

use std::{fmt::Write, path::Path};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// A secret that exists nowhere else, and a search for it in every guise.
#[derive(Clone)]
pub struct Canary {
    value: String,
    guises: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    pub fn new() -> Self {
        Self::from_value(format!("canary{}", uuid::Uuid::now_v7().simple()))
    }

    /// Searches for a secret that something else made: a token, a session.
    pub fn from_value(value: String) -> Self {
        assert!(value.len() >= 8, "too short to be told from chance");
        let mut guises = vec![("plain", value.clone().into_bytes())];
        let hex = value.bytes().fold(String::new(), |mut hex, b| {
            let _ = write!(hex, "{b:02x}");
            hex
        });
        guises.push(("hex", hex.clone().into_bytes()));
        guises.push(("hex", hex.to_uppercase().into_bytes()));
        // Inside a longer base64 text the secret begins at one of three alignments; its first and last characters
        // depend on the neighbours and are left out.
        for pad in 0..3 {
            let mut bytes = vec![0; pad];
            bytes.extend_from_slice(value.as_bytes());
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let text = engine.encode(&bytes);
                let inner = &text.as_bytes()[if pad == 0 { 0 } else { pad + 1 }..text.len() - 1];
                guises.push(("base64", inner.to_vec()));
            }
        }
        Self { value, guises }
    }

    pub fn value(&self) -> &str {
        &self.value
    }

    /// How the secret shows in these bytes; `None` when it does not.
    pub fn found_in(&self, bytes: impl AsRef<[u8]>) -> Option<&'static str> {
        let bytes = bytes.as_ref();
        let shows = |guise: &[u8]| bytes.windows(guise.len()).any(|w| w == guise);
        self.guises.iter().find(|(_, g)| shows(g)).map(|(name, _)| *name)
    }

    /// Panics when the secret is in these bytes; `place` says where they are from. The bytes are not printed.
    pub fn assert_absent(&self, place: &str, bytes: impl AsRef<[u8]>) {
        if let Some(guise) = self.found_in(bytes) {
            panic!("a secret shows in {place} ({guise})");
        }
    }

    /// The same for every file below a directory.
    pub fn assert_absent_below(&self, dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.assert_absent_below(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                self.assert_absent(&path.display().to_string(), bytes);
            }
        }
    }
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}
