//! Clients of every kind.

use std::io::Write;
use std::num::NonZeroU32;

use polyptych_domain::ClientId;
use polyptych_facade::auth::{
    Access, Algorithm, ApiKey, Client, Guard, Issuer, Patterns, Rate, Reflection, Right, TokenRules,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::support::now;

/// A client that has one key.
pub(super) fn keyed(id: &str, libraries: &[&str], rights: &[Right]) -> (ApiKey, Client) {
    let key = ApiKey::generate().unwrap();
    let client = Client { keys: vec![key.hash()], ..nameless(id, libraries, rights) };
    (key, client)
}

/// A client that nothing is known by yet.
pub(crate) fn nameless(id: &str, libraries: &[&str], rights: &[Right]) -> Client {
    Client {
        id: ClientId::new(id).unwrap(),
        keys: Vec::new(),
        certificates: Vec::new(),
        subjects: Vec::new(),
        libraries: Patterns::new(libraries.iter().copied()),
        rights: rights.iter().copied().collect(),
        rate: Rate::default(),
    }
}

/// At most so many calls: per second, after a pause, at a time.
pub(super) fn rate(per_second: u32, burst: u32, at_once: u32) -> Rate {
    let [per_second, burst, at_once] = [per_second, burst, at_once].map(NonZeroU32::new);
    Rate { per_second, burst, at_once }
}

pub(super) fn guard(clients: Vec<Client>) -> Guard {
    Guard::new(Access::new(clients, None, Reflection::Open).unwrap(), now)
}

/// Somebody who issues tokens, and the file of its public keys.
pub(super) struct Signer {
    key: EcdsaKeyPair,
    file: NamedTempFile,
}

impl Signer {
    pub(super) fn new() -> Self {
        let mut signer = Self { key: pair(), file: NamedTempFile::new().unwrap() };
        signer.publish();
        signer
    }

    /// Takes another key, and publishes only that.
    pub(super) fn rotate(&mut self) {
        self.key = pair();
        self.publish();
    }

    /// Spoils the file.
    pub(super) fn spoil(&mut self) {
        self.write("{\"keys\":[");
    }

    fn publish(&mut self) {
        let encode = |bytes: &[u8]| base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
        let point = self.key.public_key().as_ref();
        let key = json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) });
        self.write(&json!({ "keys": [key] }).to_string());
    }

    fn write(&mut self, text: &str) {
        self.file.as_file_mut().set_len(0).unwrap();
        std::io::Seek::rewind(self.file.as_file_mut()).unwrap();
        self.file.write_all(text.as_bytes()).unwrap();
    }

    /// A token that is good for five minutes of the tests' time.
    pub(super) fn token(&self, subject: &str) -> String {
        let claims = json!({ "iss": "https://issuer.test", "aud": "polyptych", "sub": subject, "exp": 300 });
        let parts = [json!({ "alg": "ES256" }), claims];
        let parts = parts.map(|part| base64_simd::URL_SAFE_NO_PAD.encode_to_string(part.to_string()));
        let signed = parts.join(".");
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64_simd::URL_SAFE_NO_PAD.encode_to_string(signature.as_ref()))
    }

    pub(super) fn issuer(&self) -> Issuer {
        let rules = TokenRules {
            issuer: "https://issuer.test".to_owned(),
            audience: "polyptych".to_owned(),
            algorithms: vec![Algorithm::Es256],
        };
        Issuer { rules, keys_file: self.file.path().to_owned() }
    }
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap()
}
