//! What the generator makes of its own rules fixture compiles against these types and judges by what its table says.

use polyptych_domain::{Format, SizeRule};

#[rustfmt::skip]
#[path = "../../../codegen/tests/codegen/fixtures/rules.rs"]
mod fixture;

#[test]
fn the_rules_of_the_fixture_say_what_its_table_says() {
    let rules = &fixture::RULES;
    let names: Vec<_> = rules.classes.iter().map(|class| (class.name, class.max_bytes, class.automatic)).collect();
    assert_eq!(names, [("FIXED", 524_288, true), ("ANY", 10, false)]);
    assert!(rules.classes.iter().all(|class| class.formats.contains(&Format::Png)));
    let exact = rules.classes.iter().find_map(|class| match class.size {
        SizeRule::Exact(sizes) => Some(sizes.iter().map(|size| (size.width, size.height)).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(exact, Some(vec![(240, 400), (300, 250)]));
    assert_eq!((rules.name.max_chars, rules.name.extension_required), (100, true));
    assert_eq!(rules.images_per_album, Some(3));
}
