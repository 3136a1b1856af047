//! What holds for every type in JSON.

use std::fmt::Debug;

use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::json::{WriteJson, parse};
use polyptych_wire::{Body, BodyWriter};
use proptest::prelude::{ProptestConfig, TestCaseError, prop_assert_eq};
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Draw, Sample, entropy, json};

/// Values of each type.
const CASES: u32 = 256;

/// Checks values of a type; `controls` lets texts hold what XML cannot carry.
pub(crate) fn for_values<T: Sample + Debug>(controls: bool, check: impl Fn(T) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let checked = TestRunner::new(config).run(&entropy(), |bytes| {
        let value = T::draw(&mut Draw::new(&bytes, controls));
        let shown = format!("{value:?}");
        check(value).map_err(|error| match error {
            TestCaseError::Fail(reason) => TestCaseError::fail(format!("{reason}\nof {shown}")),
            reject => reject,
        })
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

pub(crate) fn text(body: Body) -> String {
    let chunks: Vec<_> = block_on(body.outgoing("").try_collect()).unwrap();
    String::from_utf8(chunks.concat()).unwrap()
}

/// What goes out as JSON is what the schema says.
pub(crate) fn sent_json<T: Sample + WriteJson + Debug>() {
    for_values::<T>(true, |value| {
        let mut body = BodyWriter::new();
        value.write_json(&mut body);
        let sent: Value = serde_json::from_str(&text(body.finish())).unwrap();
        prop_assert_eq!(Some(sent), json::written(&value.shown(), json::Manner::Strict));
        Ok(())
    });
}

/// What comes back as JSON is the value, however loosely it is written, and goes out again unchanged.
pub(crate) fn answered_json<T: Sample + Serialize + DeserializeOwned + PartialEq + Debug>() {
    for_values::<T>(true, |value| {
        let strict = json::written(&value.shown(), json::Manner::Strict).unwrap();
        prop_assert_eq!(&serde_json::to_value(&value).unwrap(), &strict);
        let sloppy = json::written(&value.shown(), json::Manner::Sloppy).unwrap();
        for written in [strict, sloppy] {
            let read: T =
                parse(written.to_string().as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&read, &value, "from {}", written);
        }
        Ok(())
    });
}
