//! How much a client may have, and what becomes of it when the table of clients changes.

use std::time::Duration;

use polyptych_facade::auth::{Access, ApiKey, Client, Guard, Reflection, Right};
use polyptych_proto::v1;
use prost::Message;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_types::StatusExt;

use super::clients::{Signer, guard, keyed, nameless, rate};
use super::wire::{call, signed, told};
use crate::support::{Server, now, origin, reason, settled};

const LIST: &str = "/polyptych.v1.LibraryService/ListLibraries";

async fn ask(server: &Server, credential: &str) -> Result<(), Status> {
    call(server, Some(credential), LIST, vec![Vec::new()]).await.map(drop)
}

/// When to come back.
fn wait(status: &Status) -> Duration {
    assert_eq!((status.code(), reason(status).as_str()), (Code::ResourceExhausted, "CLIENT_RATE_LIMITED"));
    status.get_details_retry_info().unwrap().retry_delay.unwrap()
}

fn reader(id: &str, rate: polyptych_facade::auth::Rate) -> (ApiKey, Client) {
    let (key, client) = keyed(id, &["*"], &[Right::Read]);
    (key, Client { rate, ..client })
}

#[tokio::test(start_paused = true)]
async fn a_client_that_calls_too_often_is_told_when_to_come_back_and_others_are_not_touched() {
    let (key, client) = reader("busy", rate(2, 3, 0));
    let (other_key, other) = reader("other", rate(2, 3, 0));
    let server = Server::guarded(|_| (), guard(vec![client, other]));
    for _ in 0..3 {
        ask(&server, key.reveal()).await.unwrap();
    }
    let wait = wait(&ask(&server, key.reveal()).await.unwrap_err());
    assert!(wait > Duration::ZERO && wait <= Duration::from_millis(500), "{wait:?}");
    ask(&server, other_key.reveal()).await.unwrap();
    tokio::time::sleep(wait).await;
    ask(&server, key.reveal()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_place_is_kept_until_the_end_of_the_answer_or_of_the_caller() {
    let (key, client) = reader("busy", rate(0, 0, 1));
    let server = Server::guarded(|_| (), guard(vec![client]));
    server.library.put("a", "b");
    server.library.hang();
    let mut images = server.images().await;
    let name = "libraries/alpha/albums/a/images/b".to_owned();
    let request = signed(Request::new(v1::GetImageRequest { name }), Some(key.reveal()));
    let hanging = tokio::spawn(async move { images.get_image(request).await });
    settled().await;
    wait(&ask(&server, key.reveal()).await.unwrap_err());
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    settled().await;
    ask(&server, key.reveal()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_table_counts_for_new_calls_and_forgets_nothing_that_was_used() {
    let (key, client) = reader("busy", rate(1, 2, 0));
    let (gone_key, gone) = reader("gone", rate(0, 0, 0));
    let guard = guard(vec![client.clone(), gone]);
    let server = Server::guarded(|_| (), guard.clone());
    ask(&server, key.reveal()).await.unwrap();
    ask(&server, key.reveal()).await.unwrap();
    ask(&server, gone_key.reveal()).await.unwrap();
    guard.replace(Access::new(vec![client.clone()], None, Reflection::Open).unwrap());
    wait(&ask(&server, key.reveal()).await.unwrap_err());
    assert_eq!(ask(&server, gone_key.reveal()).await.unwrap_err().code(), Code::Unauthenticated);
    let more = Client { rate: rate(1, 50, 0), ..client };
    guard.replace(Access::new(vec![more], None, Reflection::Open).unwrap());
    ask(&server, key.reveal()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tokens_count_by_the_keys_that_the_file_holds_now() {
    let mut signer = Signer::new();
    let client = Client { subjects: vec!["alice".to_owned()], ..nameless("alice", &["*"], &[Right::Read]) };
    let access = Access::new(vec![client], Some(signer.issuer()), Reflection::Open).unwrap();
    let guard = Guard::new(access, now);
    let server = Server::guarded(|_| (), guard.clone());
    let old = signer.token("alice");
    ask(&server, &old).await.unwrap();
    signer.rotate();
    assert!(guard.files().reload().await.is_empty());
    assert_eq!(ask(&server, &old).await.unwrap_err().code(), Code::Unauthenticated);
    let new = signer.token("alice");
    ask(&server, &new).await.unwrap();
    signer.spoil();
    assert_eq!(guard.files().reload().await.len(), 1);
    ask(&server, &new).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_are_counted_for_each_client_by_itself() {
    let ((key, client), (other_key, other)) = (reader("busy", rate(0, 0, 0)), reader("other", rate(0, 0, 0)));
    let server = Server::guarded(|settings| settings.calls_at_once_per_client = 1, guard(vec![client, other]));
    server.library.put("a", "b");
    server.library.hang();
    let mut images = server.images().await;
    let name = "libraries/alpha/albums/a/images/b".to_owned();
    let request = signed(Request::new(v1::GetImageRequest { name }), Some(key.reveal()));
    let hanging = tokio::spawn(async move { images.get_image(request).await });
    settled().await;
    let refused = ask(&server, key.reveal()).await.unwrap_err();
    assert_eq!(reason(&refused), "TOO_MANY_CALLS");
    ask(&server, other_key.reveal()).await.unwrap();
    hanging.abort();
    settled().await;
    ask(&server, key.reveal()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_health_of_a_library_is_told_to_who_may_use_it_and_is_nowhere_for_others() {
    const HEALTH: &str = "/grpc.health.v1.Health/Check";
    let (key, client) = keyed("one", &["alpha"], &[Right::Read]);
    let server = Server::guarded(|_| (), guard(vec![client]));
    for library in ["libraries/alpha", "libraries/beta"] {
        server.live.tell_health(library, false).await;
    }
    let check = async |credential: Option<&str>, service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = call(&server, credential, HEALTH, vec![request.encode_to_vec()]).await;
        answer.map(|messages| HealthCheckResponse::decode(messages[0].as_slice()).unwrap().status())
    };
    assert_eq!(check(Some(key.reveal()), "libraries/alpha").await.unwrap(), ServingStatus::NotServing);
    let nowhere = check(Some(key.reveal()), "libraries/none").await.unwrap_err();
    assert_eq!(nowhere.code(), Code::NotFound);
    for (credential, service) in
        [(Some(key.reveal()), "libraries/beta"), (None, "libraries/alpha"), (None, "libraries/none")]
    {
        assert_eq!(told(&check(credential, service).await.unwrap_err()), told(&nowhere), "{service}");
    }
}

#[tokio::test(start_paused = true)]
async fn health_is_for_everybody_and_reflection_for_whom_it_is_meant() {
    const HEALTH: &str = "/grpc.health.v1.Health/Check";
    const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    use Code::{Ok, Unauthenticated, Unimplemented};
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let list = vec![list.encode_to_vec()];
    for (reflection, stranger, known) in [
        (Reflection::Open, Ok, Ok),
        (Reflection::Clients, Unauthenticated, Ok),
        (Reflection::Off, Unimplemented, Unimplemented),
    ] {
        let (key, client) = reader("reader", rate(0, 0, 0));
        let server = Server::guarded(|_| (), Guard::new(Access::new(vec![client], None, reflection).unwrap(), now));
        let code = |outcome: Result<Vec<Vec<u8>>, Status>| outcome.map_or_else(|status| status.code(), |_| Ok);
        for (credential, expected) in [(None, stranger), (Some(key.reveal()), known)] {
            assert_eq!(code(call(&server, credential, HEALTH, vec![Vec::new()]).await), Ok);
            assert_eq!(code(call(&server, credential, REFLECTION, list.clone()).await), expected, "{reflection:?}");
        }
        let wrong = call(&server, Some("polyptych_wrong"), HEALTH, vec![Vec::new()]).await;
        assert_eq!(code(wrong), Unauthenticated);
        assert_eq!(code(call(&server, None, "/polyptych.v1.No/No", vec![Vec::new()]).await), Unauthenticated);
        assert_eq!(
            code(call(&server, Some(key.reveal()), "/polyptych.v1.No/No", vec![Vec::new()]).await),
            Unimplemented
        );
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_are_not_known_fill_their_own_places_and_no_others() {
    const HEALTH: &str = "/grpc.health.v1.Health/Check";
    let (key, client) = reader("reader", rate(0, 0, 0));
    let server = Server::guarded(|settings| settings.calls_at_once = 1, guard(vec![client]));
    let mut reflection = ServerReflectionClient::with_origin(server.connect().await, origin());
    let mut held = Vec::new();
    let full = loop {
        match reflection.server_reflection_info(tokio_stream::pending()).await {
            Ok(answers) => held.push(answers),
            Err(status) => break status,
        }
    };
    assert_eq!((full.code(), reason(&full).as_str(), held.len()), (Code::ResourceExhausted, "TOO_MANY_CALLS", 64));
    ask(&server, key.reveal()).await.unwrap();
    call(&server, None, HEALTH, vec![Vec::new()]).await.unwrap();
    // Nobody keeps a place by saying nothing.
    tokio::time::sleep(Duration::from_secs(31)).await;
    reflection.server_reflection_info(tokio_stream::pending()).await.unwrap();
}
