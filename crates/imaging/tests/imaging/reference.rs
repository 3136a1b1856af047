//! Images of recorded traffic: what a provider refused must be refused here, before it costs points.

use std::env;
use std::path::PathBuf;

use polyptych_imaging::{Format, ImageError, Pixels, inspect, verify};
use serde_json::Value;

/// The folder of recorded traffic; without it the test is skipped, unless it is required.
fn reference() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        let required = env::var("POLYPTYCH_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|name| name.trim() == "reference"),
            "the reference folder is required and missing"
        );
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}

#[test]
fn the_png_that_yandex_refused_with_5004_is_corrupt() {
    let Some(folder) = reference() else { return };
    let file = folder.join("yandex-direct-v5/json-recorded/adimages.add.item-error-5004.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let body: Value = serde_json::from_str(recorded["request"]["body"].as_str().unwrap()).unwrap();
    let data = body["params"]["AdImages"][0]["ImageData"].as_str().unwrap();
    let bytes = base64_simd::STANDARD.decode_to_vec(data).unwrap();

    assert_eq!(inspect(&bytes).unwrap().pixels, Pixels::new(450, 450));
    assert!(matches!(verify(&bytes), Err(ImageError::Corrupt { format: Format::Png, .. })));
}
