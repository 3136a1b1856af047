//! The rules of every library at their boundaries, decided twice: here from the bytes, and by the emulator that the same bytes are
//! sent to, past all checks of ours. What is refused by one must be refused by the other; cases that no documentation tells follow the
//! `[[case]]` tables of `schemas/*/rules.toml`.
//!
//! Not compared: our own cap of frames, which is no provider's rule, and damage inside the entropy-coded data of a JPEG, which
//! neither side looks for beyond its markers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod pictures;
mod stack;

use polyptych::domain::{Animation, Fit, Focus, Format, Rgb};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use stack::{LIBRARIES, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn every_boundary_is_decided_here_as_the_emulator_decides_it() {
    let stack = Stack::start().await;
    let mut apart = Vec::new();
    for case in cases::table() {
        for library in LIBRARIES {
            let here = stack.violations(library, case).await;
            let there = stack.refusal(library, case).await;
            if here.is_empty() != there.is_none() {
                apart.push(format!("{} into {library}: here {here:?}, there {there:?}", case.what));
            }
            if let Some(expected) = case.expected_of(library) {
                let found: Vec<_> = here.iter().map(|violation| &*violation.rule).collect();
                assert_eq!(found.join(" "), expected, "{} into {library}", case.what);
            }
        }
    }
    assert!(apart.is_empty(), "decided differently:\n{}", apart.join("\n"));
}

/// How many pictures are drawn for what is decided, and for what is fitted.
const DECIDED: u32 = 48;
const FITTED: u32 = 24;

/// Sizes at every bound and a pixel or more beside it, and some far from all, in the formats that some library takes or
/// refuses. Most are small, since it is the bounds that matter.
fn any_picture() -> impl Strategy<Value = (u32, u32, Format)> {
    let side = || {
        prop_oneof![
            2 => 298_u32..=302, 4 => 448_u32..=452, 3 => 597_u32..=603, 2 => 1_u32..=40, 1 => 1_u32..=1500,
        ]
    };
    // WIDE begins there, and all its sizes have that ratio.
    let wide = (1078_u32..=1083, 605_u32..=610);
    let fixed = (proptest::sample::select(FIXED), 0_u32..=2, 0_u32..=2)
        .prop_map(|((width, height), right, down)| (width + right - 1, height + down - 1));
    let size = prop_oneof![6 => (side(), side()), 1 => wide, 3 => fixed];
    let format = prop_oneof![
        4 => Just(Format::Jpeg), 4 => Just(Format::Png), 2 => Just(Format::Gif), 1 => Just(Format::Bmp),
        1 => Just(Format::Tiff), 1 => Just(Format::WebP),
    ];
    (size, format).prop_map(|((width, height), format)| (width, height, format))
}

/// Some of the sizes of FIXED_IMAGE.
const FIXED: &[(u32, u32)] = &[(240, 400), (300, 250), (300, 600), (336, 280), (640, 100), (728, 90), (970, 250)];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

#[test]
fn any_picture_is_decided_here_as_the_emulator_decides_it() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::start());
    TestRunner::new(Config { cases: DECIDED, failure_persistence: None, ..Config::default() })
        .run(&any_picture(), |(width, height, format)| {
            let case = cases::Case::of(pictures::encoded(width, height, format), "a.png");
            for library in LIBRARIES {
                let here = runtime.block_on(stack.violations(library, &case));
                let there = runtime.block_on(stack.refusal(library, &case));
                prop_assert_eq!(here.is_empty(), there.is_none(), "{} {:?} {:?}", library, here, there);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn whatever_a_fit_makes_passes_the_check_and_the_emulator() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::start());
    let fits = prop_oneof![
        Just(Fit::Contain { background: Rgb([1, 2, 3]) }),
        (0.0_f32..=1.0, 0.0_f32..=1.0).prop_map(|(x, y)| Fit::Cover { focus: Focus { x, y } }),
    ];
    let classes = prop_oneof![3 => Just(None), 1 => Just(Some("FIXED_IMAGE")), 1 => Just(Some("WIDE"))];
    TestRunner::new(Config { cases: FITTED, failure_persistence: None, ..Config::default() })
        .run(&(any_picture(), fits, classes), |((width, height, format), fit, class)| {
            let case = cases::Case::of(pictures::encoded(width, height, format), "a.png");
            for library in LIBRARIES {
                let class = class.filter(|class| stack.has_class(library, class));
                let sent = runtime.block_on(stack.fitted(library, &case, fit, Animation::FirstFrame, class));
                prop_assert!(sent.is_ok(), "{} {:?} {:?}: {:?}", library, fit, class, sent);
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fit_that_a_check_names_satisfies_the_rules() {
    // Both encodings of an API have the same rules.
    let stack = Stack::start().await;
    let mut mended = 0;
    for case in cases::table() {
        for library in LIBRARIES.into_iter().filter(|library| !library.ends_with("-soap")) {
            let report = stack.report(library, case).await;
            let Some(plan) = report.plan else {
                // Nothing helps what is no image, or a class that the library does not have.
                let hopeless = report.violations.iter().any(|one| matches!(&*one.rule, "content" | "class"));
                assert!(report.violations.is_empty() || hopeless, "{} into {library}", case.what);
                continue;
            };
            let named = cases::Case { name: plan.name.clone(), ..case.clone() };
            let sent = stack.fitted(library, &named, plan.fit, Animation::FirstFrame, Some(plan.class)).await;
            assert!(sent.is_ok(), "{} into {library}: {plan}: {sent:?}", case.what);
            mended += 1;
        }
    }
    assert!(mended > 100, "{mended} plans");
}

#[test]
fn every_case_that_is_assumed_is_in_the_table_above() {
    let listed: std::collections::BTreeSet<_> =
        cases::table().iter().filter_map(|case| case.assumption).map(|case| format!("{case:?}")).collect();
    for library in stack::libraries("http://127.0.0.1:1") {
        for rule in library.rules().cases {
            assert!(listed.contains(&format!("{:?}", rule.case)), "no row is about {:?}", rule.case);
        }
    }
}
