//! Every entry point under seeds, damaged seeds, arbitrary bytes, the reference's recordings and earlier findings.

use std::path::{Path, PathBuf};

use polyptych_hostile::{Entry, TARGETS, reference, seeds};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// One change of an input.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index, u8),
    Repeat(Index, u8),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    // Half of the new bytes are such as mean something to a parser.
    let byte = || prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\"<>&;/=:,-\\0189%\r\n\0".to_vec())];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, count)| Edit::Repeat(at, count)),
        any::<Index>().prop_map(Edit::Cut),
    ]
}

fn edited(mut input: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        if input.is_empty() {
            break;
        }
        let length = input.len();
        let piece = |at: &Index, count: u8| {
            let start = at.index(length);
            start..(start + usize::from(count)).min(length)
        };
        match edit {
            Edit::Replace(at, byte) => input[at.index(length)] = *byte,
            Edit::Insert(at, byte) => input.insert(at.index(length), *byte),
            Edit::Remove(at, count) => drop(input.drain(piece(at, *count))),
            Edit::Repeat(at, count) => {
                let range = piece(at, *count);
                let copy = input[range.clone()].to_vec();
                input.splice(range.end..range.end, copy);
            }
            Edit::Cut(at) => input.truncate(at.index(length)),
        }
    }
    input
}

fn entry(name: &str) -> Entry {
    TARGETS.iter().find(|(target, _)| *target == name).expect("a target of the table").1
}

fn holds(name: &str) {
    let run = entry(name);
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has no seed");
    seeds.iter().for_each(|seed| run(seed));
    let damaged = (proptest::sample::select(seeds), vec(edit(), 1..6)).prop_map(|(seed, edits)| edited(seed, &edits));
    let input = prop_oneof![4 => damaged, 1 => vec(any::<u8>(), 0..300)];
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&input, |input| {
            run(&input);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { holds(stringify!($name)); })*

        #[test]
        fn every_target_of_the_table_is_tested() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), tested);
        }
    };
}

promises!(
    v5_json,
    v5_soap,
    live4_json,
    live4_soap,
    facebook,
    facebook_batch,
    evotor,
    xml,
    headers,
    inspect,
    verify,
    fit,
    names,
    emulator_json,
    emulator_soap,
    emulator_form,
    emulator_control,
);

#[test]
fn recordings_of_the_reference_keep_every_promise() {
    let required = std::env::var("POLYPTYCH_REQUIRE").is_ok_and(|list| list.split(',').any(|one| one == "reference"));
    let Some(root) = std::env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|root| root.is_dir()) else {
        assert!(!required, "reference is required and POLYPTYCH_REFERENCE_DIR names no folder");
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
        return;
    };
    let mut count = 0;
    for (name, run) in TARGETS {
        for input in reference(name, &root).unwrap() {
            run(&input);
            count += 1;
        }
    }
    assert!(count > 100, "only {count} recordings found");
}

#[test]
fn earlier_findings_stay_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    // There is no folder as long as nothing was found.
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files {
        let file = file.unwrap().path();
        // `{target}-{what}`, since one target may have several.
        let target = file.file_name().unwrap().to_str().unwrap().split_once('-').unwrap().0;
        entry(target)(&std::fs::read(&file).unwrap());
    }
}

#[test]
fn every_target_has_its_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut expected: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_generated_operation_has_its_answers_damaged() {
    let read = |file: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    // Generated file, and the source here that calls its decoders.
    let files = [
        ("wire-evotor/src/generated/images.rs", "evotor.rs"),
        ("wire-facebook/src/generated/adimages.rs", "facebook.rs"),
        ("wire-yandex/src/generated/live4.rs", "yandex.rs"),
        ("wire-yandex/src/generated/v5.rs", "yandex.rs"),
    ];
    for (generated, calls) in files {
        let generated = read(&format!("../../crates/{generated}"));
        let calls = read(&format!("src/{calls}"));
        let lines = generated.lines().filter_map(|line| line.strip_suffix(" {")?.split_once("Operation for "));
        let operations: Vec<&str> = lines.map(|(_, operation)| operation).collect();
        assert!(!operations.is_empty(), "no operation is found");
        for operation in operations {
            // Yandex names the operation by its module, or by the type of its parameters.
            let called = ["<{}>", "<v5::{}>", "<{}Request>"].map(|form| form.replace("{}", operation));
            assert!(called.iter().any(|call| calls.contains(call)), "{operation} is nowhere called");
        }
    }
}
