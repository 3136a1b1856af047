//! Requests at the emulator: each protocol answers any body in its own way, and never with a failure of its own.

use std::cell::OnceCell;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use http_body_util::BodyExt;
use polyptych_emulator::{Emulator, Settings, Setup};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const STORE: &str = "/stores/20180413-2595-40E8-80CB-4646C05D81B6/products/5e46f8de-ec4f-4f87-85de-337b88fa2bdd/images";

/// JSON requests of v5 and Live 4.
pub fn emulator_json(input: &[u8]) {
    for path in ["/json/v5/adimages", "/live/v4/json/"] {
        send(path, "application/json; charset=utf-8", input);
    }
}

/// SOAP requests of v5 and Live 4.
pub fn emulator_soap(input: &[u8]) {
    for path in ["/v5/adimages", "/live/v4/soap/"] {
        send(path, "text/xml; charset=utf-8", input);
    }
}

/// Forms at the Graph API, for the image edge and as batches, urlencoded or multipart by the first byte, and uploads to Evotor Cloud.
pub fn emulator_form(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let form = if first.is_multiple_of(4) {
        "application/x-www-form-urlencoded"
    } else {
        // The boundary of the seeds.
        "multipart/form-data; boundary=seed"
    };
    send("/v26.0/act_1000000001/adimages", form, body);
    send("/v26.0/", form, body);
    send(STORE, "multipart/form-data; boundary=seed", body);
}

/// Documents for the emulator's own setup: each is applied or refused with a reason, and a reset undoes it.
pub fn emulator_control(input: &[u8]) {
    let Ok(mut setup) = Setup::from_json(input) else { return };
    if let Some(images) = &mut setup.images {
        // Thousands of large pictures are slow, not wrong.
        images.retain(|seed| seed.count <= 3 && seed.width.max(seed.height).is_none_or(|side| side <= 500));
        images.truncate(3);
    }
    let emulator = Emulator::new(Settings::default());
    if let Err(error) = emulator.apply(setup) {
        assert!(!error.to_string().is_empty());
    }
    emulator.reset();
    assert!(emulator.faults().is_empty() && emulator.upload_counts().is_empty());
}

fn send(path: &str, media_type: &str, body: &[u8]) {
    thread_local!(static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() });
    let request = Request::post(path)
        .header("host", "emulator.test")
        .header("authorization", "Bearer t")
        .header("content-type", media_type)
        .body(Body::from(body.to_vec()))
        .expect("a fixed head");
    // A new emulator for each input, so that an input alone decides what happens.
    let router = Emulator::new(Settings::default()).router();
    RUNTIME.with(|runtime| {
        let runtime = runtime.get_or_init(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));
        runtime.block_on(async {
            let answer = match router.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let status = answer.status();
            let text = answer.into_body().collect().await.expect("answers are in memory").to_bytes();
            // SOAP faults come with 500, as the reference has it; a defect says what it is.
            let defect = status == StatusCode::INTERNAL_SERVER_ERROR && text.starts_with(b"the emulator failed");
            assert!(!defect, "{path}: {}", String::from_utf8_lossy(&text));
        });
    });
}
