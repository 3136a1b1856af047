use std::slice::from_ref;

use serde_json::{Value, json};

use super::*;

/// RFC 7515, appendix A.2: a key and a signature that others made.
const RSA: &str = concat!(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ",
    "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2",
    "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD",
    "TW9gb54h4FRWyuXpoQ",
);
const RSA_SIGNED: &str = concat!(
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0",
    "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u",
    "JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383L",
    "cOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmt",
    "VrBp0igcN_IoypGlUPQGe77Rw",
);

fn rsa() -> Value {
    json!({ "kty": "RSA", "n": RSA, "e": "AQAB" })
}

/// RFC 7515, appendix A.3.
fn p256() -> Value {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
}

const P256_SIGNED: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0",
    "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);

/// RFC 8037, appendix A.
fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

const ED25519_SIGNED: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR",
    "4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

fn set(keys: &[Value]) -> Result<KeySet, KeysError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn verifies(keys: &KeySet, algorithm: Algorithm, id: Option<&str>, signed: &str) -> bool {
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode_to_vec(signature).unwrap();
    keys.verify(algorithm, id, message.as_bytes(), &signature)
}

#[test]
fn the_signatures_of_the_standards_are_good_and_those_of_changed_messages_are_not() {
    for (key, algorithm, signed) in [
        (rsa(), Algorithm::Rs256, RSA_SIGNED),
        (p256(), Algorithm::Es256, P256_SIGNED),
        (ed25519(), Algorithm::EdDsa, ED25519_SIGNED),
    ] {
        let keys = set(&[key]).unwrap();
        assert!(verifies(&keys, algorithm, None, signed), "{algorithm:?}");
        assert!(!verifies(&keys, algorithm, None, &signed.replacen("eyJ", "eyK", 1)), "{algorithm:?}");
        for other in Algorithm::ALL.iter().filter(|other| **other != algorithm) {
            assert!(!verifies(&keys, *other, None, signed), "{algorithm:?} as {other:?}");
        }
    }
}

#[test]
fn a_key_counts_for_its_id_and_for_the_algorithm_that_it_names() {
    let with = |mut key: Value, name: &str, value: &str| {
        key[name] = value.into();
        key
    };
    let keys = set(&[with(rsa(), "kid", "a"), with(p256(), "kid", "b")]).unwrap();
    assert!(verifies(&keys, Algorithm::Rs256, Some("a"), RSA_SIGNED));
    assert!(!verifies(&keys, Algorithm::Rs256, Some("b"), RSA_SIGNED));
    assert!(!verifies(&keys, Algorithm::Rs256, Some("c"), RSA_SIGNED));
    let other = set(&[with(rsa(), "alg", "PS256")]).unwrap();
    assert!(!verifies(&other, Algorithm::Rs256, None, RSA_SIGNED));
    assert!(matches!(set(&[with(rsa(), "alg", "ES256")]), Err(KeysError::Empty)));
    assert!(matches!(set(&[with(rsa(), "alg", "HS256")]), Err(KeysError::Empty)));
    assert!(matches!(set(&[with(rsa(), "use", "enc")]), Err(KeysError::Empty)));
}

#[test]
fn what_is_no_set_of_public_keys_is_refused_and_other_keys_are_passed_over() {
    let short = json!({ "kty": "RSA", "n": &RSA[..170], "e": "AQAB" });
    let strange = json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" });
    let cut = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" });
    for keys in [&[][..], from_ref(&short), from_ref(&strange), from_ref(&cut)] {
        assert!(matches!(set(keys), Err(KeysError::Empty)), "{keys:?}");
    }
    let keys = set(&[short, strange, cut, rsa()]).unwrap();
    assert!(verifies(&keys, Algorithm::Rs256, None, RSA_SIGNED));
    let mut private = p256();
    private["d"] = "canary".into();
    let symmetric = json!({ "kty": "oct", "k": "canary" });
    for secret in [private, symmetric] {
        let error = set(&[rsa(), secret]).unwrap_err();
        assert!(matches!(error, KeysError::Secret) && !error.to_string().contains("canary"));
    }
    assert!(matches!(set(&vec![rsa(); MOST_KEYS + 1]), Err(KeysError::Length)));
    for text in ["", "{}", "[]", "canary", r#"{"keys":[{"kty":1}]}"#, r#"{"keys":[{"kty":"RSA","kty":"canary"}]}"#] {
        let error = KeySet::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, KeysError::Json(_)) && !error.to_string().contains("canary"), "{text}");
    }
}
