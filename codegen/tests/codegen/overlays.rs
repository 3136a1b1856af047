//! Overlays: each must match one node, and set what that node has.

use polyptych_codegen::ErrorKind;
use polyptych_codegen::pass::overlay;

use crate::support::{generate, service};

const SCHEMA: &str = r#"
<x:complexType name="Item"><x:sequence><x:element name="Hash" type="x:string"/><x:element name="Data" type="x:string"/>
</x:sequence></x:complexType>
<x:element name="Request"><x:complexType><x:sequence><x:element name="Items" type="t:Item" maxOccurs="unbounded"/>
</x:sequence></x:complexType></x:element>
<x:element name="Response"><x:complexType/></x:element>"#;

fn with(overlays: &str) -> Result<String, polyptych_codegen::Errors> {
    generate(&service(SCHEMA), &overlay::parse("overlays.toml", overlays.as_bytes())?)
}

#[test]
fn an_overlay_changes_the_node_that_it_names() {
    let plain = with("").unwrap();
    assert!(plain.contains("pub hash: String") && plain.contains("pub data: String"), "{plain}");
    let made = with(
        r#"
        overlay = [
            { type = "Item", field = "Hash", inline = true, rename = "digest", doc = "Names it.", reason = "short" },
            { type = "Item", field = "Data", base64 = true, reason = "an image" },
            { type = "Item", rename = "Thing", reason = "clearer" },
            { operation = "S.do", effect = "idempotent", doc = "Does it.", reason = "stated in prose" },
        ]"#,
    )
    .unwrap();
    for part in [
        "pub struct Thing",
        "/// Names it.\n",
        "pub digest: CompactString",
        "pub data: Blob",
        "Effect::Idempotent",
        "/// Does it.",
    ] {
        assert!(made.contains(part), "{part}\n{made}");
    }
}

#[test]
fn an_overlay_that_misses_fails_and_gives_its_reason() {
    let cases = [
        (r#"{ type = "Item", field = "Hush", inline = true, reason = "why" }"#, "there is no field `Hush` of `Item`"),
        (r#"{ type = "Itum", doc = "x", reason = "why" }"#, "there is no type `Itum`"),
        (r#"{ operation = "S.undo", effect = "safe", reason = "why" }"#, "there is no operation `S.undo`"),
        (r#"{ operation = "S.do", param = "x", required = true, reason = "why" }"#, "no parameters of its own"),
        (r#"{ type = "Request", field = "Items", base64 = true, reason = "why" }"#, "`Items` is not text"),
        (r#"{ type = "Item", effect = "safe", reason = "why" }"#, "a type takes doc and rename only"),
        (r#"{ field = "Hash", inline = true, reason = "why" }"#, "an overlay names a type"),
    ];
    for (entry, expected) in cases {
        let errors = with(&format!("overlay = [{entry}]")).unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!(error.kind, ErrorKind::Overlay, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("schemas/overlays.toml:1: ") && text.contains(expected), "{text}");
        assert!(text.contains("why"), "{text}");
    }
}

#[test]
fn an_overlay_that_changes_nothing_fails() {
    let cases = [
        (r#"{ type = "Item", field = "Hash", reason = "why" }"#, "the overlay sets nothing"),
        (r#"{ type = "Item", field = "Hash", inline = false, reason = "why" }"#, "`inline` is so without the overlay"),
        (
            r#"{ type = "Item", field = "Hash", required = true, reason = "why" }"#,
            "`required` is so without the overlay",
        ),
        (r#"{ type = "Item", field = "Hash", base64 = false, reason = "why" }"#, "`base64` is true or left out"),
        (r#"{ type = "Item", doc = "", reason = "why" }"#, "`doc` is so without the overlay"),
    ];
    for (entry, expected) in cases {
        let errors = with(&format!("overlay = [{entry}]")).unwrap_err().to_string();
        assert_eq!(errors, format!("schemas/overlays.toml:1: {expected} (its reason: why)"));
    }
}

#[test]
fn an_overlay_that_matches_two_nodes_fails() {
    let twice = SCHEMA.replace(r#"<x:element name="Data""#, r#"<x:element name="Hash""#);
    let overlays = r#"overlay = [{ type = "Item", field = "Hash", inline = true, reason = "why" }]"#;
    let overlays = overlay::parse("overlays.toml", overlays.as_bytes()).unwrap();
    let errors = generate(&service(&twice), &overlays).unwrap_err().to_string();
    assert!(errors.contains("there are 2 nodes for field `Hash` of `Item`"), "{errors}");
}

#[test]
fn an_unknown_key_in_an_overlay_is_refused() {
    let overlays = r#"overlay = [{ type = "Item", inlined = true, reason = "why" }]"#;
    let error = overlay::parse("overlays.toml", overlays.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Syntax, "{error}");
    let without_reason = r#"overlay = [{ type = "Item", doc = "x" }]"#;
    assert!(overlay::parse("overlays.toml", without_reason.as_bytes()).is_err());
}
