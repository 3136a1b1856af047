use base64_simd::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_700_000_000;

/// A key of somebody who issues tokens.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap())
    }

    fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn keys(&self, id: &str) -> KeySet {
        let [_, point @ ..] = self.public() else { panic!("no point") };
        let (x, y) = point.split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode_to_string(half));
        let key = json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y });
        KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = signed(header, claims);
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode_to_string(signature.as_ref()))
    }
}

fn signed(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| URL_SAFE_NO_PAD.encode_to_string(part.to_string())).join(".")
}

fn rules(algorithms: &[Algorithm]) -> TokenRules {
    let (issuer, audience) = ("https://issuer.test".to_owned(), "polyptych".to_owned());
    TokenRules { issuer, audience, algorithms: algorithms.to_vec() }
}

fn header() -> Value {
    json!({ "alg": "ES256", "typ": "JWT", "kid": "a" })
}

fn claims() -> Value {
    json!({ "iss": "https://issuer.test", "aud": "polyptych", "sub": "alice", "exp": NOW + 300, "iat": NOW })
}

/// A value with some of its entries changed; null takes one away.
fn with(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            change => value[name] = change.clone(),
        }
    }
    value
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn a_token_counts_where_all_that_it_says_is_as_it_should_be() {
    use TokenError as Why;
    let (issuer, rules) = (Signer::new(), rules(&[Algorithm::Es256]));
    let keys = issuer.keys("a");
    let alice = || Ok("alice".to_owned());
    for (changed_header, changed_claims, expected) in [
        (json!({}), json!({}), alice()),
        (json!({ "typ": null }), json!({}), alice()),
        (json!({ "typ": "at+JWT" }), json!({}), alice()),
        (json!({ "kid": null }), json!({}), alice()),
        (json!({ "jwk": { "kty": "oct", "k": "AA" }, "jku": "https://evil.test" }), json!({}), alice()),
        (json!({}), json!({ "aud": ["other", "polyptych"] }), alice()),
        (json!({}), json!({ "exp": NOW - 59 }), alice()),
        (json!({}), json!({ "exp": NOW as f64 + 0.5 }), alice()),
        (json!({}), json!({ "nbf": NOW + 60 }), alice()),
        (json!({ "alg": "none" }), json!({}), Err(Why::Algorithm)),
        (json!({ "alg": "HS256" }), json!({}), Err(Why::Algorithm)),
        (json!({ "alg": "es256" }), json!({}), Err(Why::Algorithm)),
        (json!({ "alg": "ES384" }), json!({}), Err(Why::Algorithm)),
        (json!({ "alg": null }), json!({}), Err(Why::Malformed)),
        (json!({ "alg": 1 }), json!({}), Err(Why::Malformed)),
        (json!({ "typ": "secevent+jwt" }), json!({}), Err(Why::Malformed)),
        (json!({ "crit": ["exp"] }), json!({}), Err(Why::Malformed)),
        (json!({ "kid": "b" }), json!({}), Err(Why::Signature)),
        (json!({}), json!({ "iss": "https://issuer.test/" }), Err(Why::Issuer)),
        (json!({}), json!({ "iss": null }), Err(Why::Claims)),
        (json!({}), json!({ "sub": null }), Err(Why::Claims)),
        (json!({}), json!({ "sub": 7 }), Err(Why::Claims)),
        (json!({}), json!({ "aud": "other" }), Err(Why::Audience)),
        (json!({}), json!({ "aud": [] }), Err(Why::Audience)),
        (json!({}), json!({ "aud": null }), Err(Why::Claims)),
        (json!({}), json!({ "exp": NOW - 60 }), Err(Why::Expired)),
        (json!({}), json!({ "exp": 0 }), Err(Why::Expired)),
        (json!({}), json!({ "exp": null }), Err(Why::Claims)),
        (json!({}), json!({ "exp": (NOW + 300).to_string() }), Err(Why::Claims)),
        (json!({}), json!({ "nbf": NOW + 61 }), Err(Why::TooEarly)),
        (json!({}), json!({ "nbf": (NOW - 300).to_string() }), Err(Why::Claims)),
    ] {
        let token = issuer.sign(&with(header(), changed_header), &with(claims(), changed_claims));
        let plain = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(part).unwrap()).unwrap();
        let case: Vec<String> = token.split('.').take(2).map(plain).collect();
        assert_eq!(subject(&rules, &keys, &token, at(NOW)), expected, "{case:?}");
    }
}

#[test]
fn nothing_but_the_signature_of_a_known_key_makes_a_token() {
    let (issuer, stranger, rules) = (Signer::new(), Signer::new(), rules(Algorithm::ALL));
    let keys = issuer.keys("a");
    let judge = |token: &str| subject(&rules, &keys, token, at(NOW)).unwrap_err();
    assert_eq!(judge(&stranger.sign(&header(), &claims())), TokenError::Signature);
    // The public key is taken for the secret of a symmetric algorithm.
    for secret in [issuer.public(), &issuer.public()[1..]] {
        let signed = signed(&with(header(), json!({ "alg": "HS256" })), &claims());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode_to_string(tag.as_ref()));
        assert_eq!(judge(&token), TokenError::Algorithm);
    }
    let unsigned = signed(&with(header(), json!({ "alg": "none" })), &claims());
    assert_eq!(judge(&format!("{unsigned}.")), TokenError::Algorithm);
    let good = issuer.sign(&header(), &claims());
    let (rest, _) = good.rsplit_once('.').unwrap();
    assert_eq!(judge(&format!("{rest}.")), TokenError::Signature);
    assert_eq!(judge(&format!("{rest}.{}", URL_SAFE_NO_PAD.encode_to_string([0; 64]))), TokenError::Signature);
    for malformed in ["", ".", "..", "a.b", rest, &format!("{good}.x"), &format!("{good}="), &"a".repeat(MAX_BYTES + 1)]
    {
        assert_eq!(judge(malformed), TokenError::Malformed, "{malformed}");
    }
    assert!(good.bytes().enumerate().all(|(place, byte)| {
        let mut changed = good.clone().into_bytes();
        changed[place] = if byte == b'A' { b'Q' } else { b'A' };
        subject(&rules, &keys, &String::from_utf8(changed).unwrap(), at(NOW)).is_err()
    }));
}

#[test]
fn a_key_that_was_taken_away_signs_nothing_any_more() {
    let (old, new, rules) = (Signer::new(), Signer::new(), rules(&[Algorithm::Es256]));
    let token = old.sign(&header(), &claims());
    assert!(subject(&rules, &old.keys("a"), &token, at(NOW)).is_ok());
    assert_eq!(subject(&rules, &new.keys("a"), &token, at(NOW)), Err(TokenError::Signature));
}

/// Tokens that were made with PyJWT, by keys that nobody has any more.
#[test]
fn the_tokens_of_another_implementation_are_read_in_every_algorithm() {
    let made: Value = serde_json::from_str(include_str!("tokens.json")).unwrap();
    let keys = KeySet::parse(made.to_string().as_bytes()).unwrap();
    let tokens = made["tokens"].as_object().unwrap();
    assert_eq!(tokens.len(), Algorithm::ALL.len());
    for (name, token) in tokens {
        let (token, algorithm) = (token.as_str().unwrap(), Algorithm::named(name).unwrap());
        assert_eq!(subject(&rules(&[algorithm]), &keys, token, at(NOW)).as_deref(), Ok("alice"), "{name}");
        assert_eq!(subject(&rules(&[algorithm]), &keys, token, at(2_000_000_060)), Err(TokenError::Expired), "{name}");
        let others: Vec<_> = Algorithm::ALL.iter().copied().filter(|other| *other != algorithm).collect();
        assert_eq!(subject(&rules(&others), &keys, token, at(NOW)), Err(TokenError::Algorithm), "{name}");
    }
}
