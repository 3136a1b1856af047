//! Keys and tokens are in no log and no error, and a header that is not one credential is none.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use polyptych_facade::auth::{Access, Guard, Reflection, Right};
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tracing_subscriber::fmt::MakeWriter;

use super::clients::{Signer, guard, keyed};
use super::wire::call;
use crate::support::{Server, now, reason};

const LIST: &str = "/polyptych.v1.LibraryService/ListLibraries";

/// All that is logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn no_key_and_no_token_is_in_any_log_or_error() {
    let log = Log::default();
    // With one subscriber alone, a place in the code is silent for ever if a thread of another test comes to it first.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let signer = Signer::new();
    let (key, client) = keyed("reader", &["*"], &[Right::Read]);
    let access = Access::new(vec![client], Some(signer.issuer()), Reflection::Open).unwrap();
    let shown = format!("{access:?}");
    let server = Server::guarded(|_| (), Guard::new(access, now));
    let credentials = [
        key.reveal().to_owned(),
        "polyptych_canary-canary".to_owned(),
        signer.token("canary"),
        Signer::new().token("a"),
    ];
    let mut told = shown;
    for credential in &credentials {
        if let Err(status) = call(&server, Some(credential), LIST, vec![Vec::new()]).await {
            told += &format!("{status:?} {}", String::from_utf8_lossy(status.details()));
        }
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("call not let in") && logged.contains("UNAUTHENTICATED"), "{logged}");
    for credential in &credentials {
        for part in credential.split('.').filter(|part| part.len() > 20) {
            assert!(!logged.contains(part), "{part} is logged");
            assert!(!told.contains(part), "{part} is told");
        }
    }
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_not_one_bearer_credential_is_refused() {
    let (key, client) = keyed("reader", &["*"], &[Right::Read]);
    let server = Server::guarded(|_| (), guard(vec![client]));
    let key = key.reveal();
    let header = |text: &str| MetadataValue::try_from(text).unwrap();
    for (headers, good) in [
        (vec![header(&format!("Bearer {key}"))], true),
        (vec![header(&format!("bearer {key}"))], true),
        (vec![header(&format!("BEARER  {key}"))], true),
        (vec![header(key)], false),
        (vec![header("Bearer")], false),
        (vec![header("Bearer ")], false),
        (vec![header(&format!("Basic {key}"))], false),
        (vec![header(&format!("Bearer {key} {key}"))], false),
        (vec![header(&format!("Bearer {key},"))], false),
        (vec![header(&format!("Bearer {key}x"))], false),
        (vec![header(&format!("Bearer {key}")), header(&format!("Bearer {key}"))], false),
        (vec![header("Bearer polyptych_0"), header(&format!("Bearer {key}"))], false),
    ] {
        let mut request = Request::new(polyptych_proto::v1::ListLibrariesRequest::default());
        for value in &headers {
            request.metadata_mut().append("authorization", value.clone());
        }
        let answer = server.libraries().await.list_libraries(request).await;
        match answer {
            Ok(_) => assert!(good, "{headers:?}"),
            Err(status) => {
                assert!(!good, "{headers:?}");
                assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "UNAUTHENTICATED"));
            }
        }
    }
}
