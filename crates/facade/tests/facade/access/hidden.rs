//! What belongs to others: operations, their page tokens, request ids and events, and libraries in lists.

use polyptych_facade::auth::{ApiKey, Right};
use polyptych_proto::{longrunning, v1};
use tonic::{Code, Request, Status};

use super::clients::{guard, keyed};
use super::wire::{signed, told};
use crate::support::{Server, reason};

use Right::{Admin, Read, Write};

fn by<T>(key: &ApiKey, message: T) -> Request<T> {
    signed(Request::new(message), Some(key.reveal()))
}

async fn libraries(server: &Server, key: &ApiKey, page_size: i32) -> Vec<String> {
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListLibrariesRequest { page_size, page_token };
        let page = server.libraries().await.list_libraries(by(key, request)).await.unwrap().into_inner();
        names.extend(page.libraries.into_iter().map(|library| library.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_libraries_shows_those_that_the_client_may_use_on_pages_of_any_size() {
    let patterns: [(&[&str], &[&str]); 5] = [
        (&["*"], &["alpha", "beta", "gamma"]),
        (&["beta"], &["beta"]),
        (&["*a*m*a", "alpha"], &["alpha", "gamma"]),
        (&["delta"], &[]),
        (&["b*"], &["beta"]),
    ];
    let (keys, clients): (Vec<_>, Vec<_>) =
        patterns.iter().enumerate().map(|(place, (pattern, _))| keyed(&format!("c{place}"), pattern, &[Read])).unzip();
    let server = Server::guarded(|_| (), guard(clients));
    for (key, (pattern, expected)) in keys.iter().zip(patterns) {
        let expected: Vec<_> = expected.iter().map(|id| format!("libraries/{id}")).collect();
        for size in [0, 1, 2] {
            assert_eq!(libraries(&server, key, size).await, expected, "{pattern:?} {size}");
        }
    }
}

/// An operation of this client.
async fn operation(server: &Server, key: &ApiKey, library: &str, request_id: &str) -> String {
    let names = vec![format!("libraries/{library}/albums/a/images/b")];
    let request = v1::DeleteImagesRequest { names, request_id: request_id.to_owned(), ..Default::default() };
    server.images().await.delete_images(by(key, request)).await.unwrap().into_inner().name
}

async fn every_call(server: &Server, key: &ApiKey, name: &str) -> [Result<(), Status>; 4] {
    let mut client = server.watch().await;
    let name = name.to_owned();
    let wait =
        longrunning::WaitOperationRequest { name: name.clone(), timeout: Some(prost_types::Duration::default()) };
    [
        client.get_operation(by(key, longrunning::GetOperationRequest { name: name.clone() })).await.map(drop),
        client.wait_operation(by(key, wait)).await.map(drop),
        client.cancel_operation(by(key, longrunning::CancelOperationRequest { name: name.clone() })).await.map(drop),
        client.delete_operation(by(key, longrunning::DeleteOperationRequest { name })).await.map(drop),
    ]
}

async fn list(server: &Server, key: &ApiKey, page_size: i32, token: &str) -> Result<(Vec<String>, String), Status> {
    let page_token = token.to_owned();
    let request = longrunning::ListOperationsRequest { page_size, page_token, ..Default::default() };
    let page = server.watch().await.list_operations(by(key, request)).await?.into_inner();
    Ok((page.operations.into_iter().map(|operation| operation.name).collect(), page.next_page_token))
}

#[tokio::test(start_paused = true)]
async fn an_operation_of_somebody_else_is_as_one_that_is_not_there_save_for_who_oversees_its_libraries() {
    let (owner_key, owner) = keyed("owner", &["*"], &[Read, Write]);
    let (other_key, other) = keyed("other", &["*"], &[Read, Write]);
    let (near_key, near) = keyed("near", &["alpha"], &[Read, Write, Admin]);
    let (far_key, far) = keyed("far", &["beta"], &[Read, Write, Admin]);
    let server = Server::guarded(|_| (), guard(vec![owner, other, near, far]));
    let name = operation(&server, &owner_key, "alpha", "").await;
    let absent: String = name.chars().rev().map(|char| if char == '/' { 'x' } else { char }).collect();
    let absent = format!("operations/{}", &absent[..name.len() - "operations/".len()]);
    for key in [&other_key, &far_key] {
        let calls = every_call(&server, key, &name).await.into_iter().zip(every_call(&server, key, &absent).await);
        for (hidden, missing) in calls {
            let [hidden, missing] = [(hidden, &name), (missing, &absent)].map(|(outcome, name)| {
                let status = outcome.unwrap_err();
                assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "OPERATION_NOT_FOUND"));
                let id = name.strip_prefix("operations/").unwrap();
                let (code, message, _) = told(&status);
                let details = format!("{:?}", tonic_types::StatusExt::get_error_details(&status));
                (code, message.replace(id, "ID"), details.replace(id, "ID"))
            });
            assert_eq!(hidden, missing);
        }
        assert_eq!(list(&server, key, 0, "").await.unwrap().0, Vec::<String>::new());
    }
    assert_eq!(list(&server, &near_key, 0, "").await.unwrap().0, std::slice::from_ref(&name));
    let [got, waited, cancelled, _] = every_call(&server, &near_key, &name).await;
    assert!(got.is_ok() && waited.is_ok() && cancelled.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_page_token_or_a_request_id_of_somebody_else_means_nothing() {
    let (owner_key, owner) = keyed("owner", &["*"], &[Read, Write]);
    let (other_key, other) = keyed("other", &["*"], &[Read, Write]);
    let server = Server::guarded(|_| (), guard(vec![owner, other]));
    let first = operation(&server, &owner_key, "alpha", "same").await;
    operation(&server, &owner_key, "alpha", "another").await;
    assert_eq!(operation(&server, &owner_key, "alpha", "same").await, first);
    assert_ne!(operation(&server, &other_key, "alpha", "same").await, first);
    let (_, token) = list(&server, &owner_key, 1, "").await.unwrap();
    assert!(!token.is_empty());
    let made_up = base64_simd::URL_SAFE_NO_PAD.encode_to_string([7; 24]);
    let [theirs, nobodys] = [
        list(&server, &other_key, 1, &token).await.unwrap_err(),
        list(&server, &other_key, 1, &made_up).await.unwrap_err(),
    ];
    assert_eq!(told(&theirs), told(&nobodys));
    assert_eq!(reason(&theirs), "INVALID_ARGUMENT");
}

#[tokio::test(start_paused = true)]
async fn events_are_told_to_who_caused_them_and_to_who_oversees_their_library() {
    let (owner_key, owner) = keyed("owner", &["*"], &[Read, Write]);
    let (other_key, other) = keyed("other", &["*"], &[Read, Write]);
    let (near_key, near) = keyed("near", &["alpha"], &[Read, Admin]);
    let (far_key, far) = keyed("far", &["beta"], &[Read, Admin]);
    let server = Server::guarded(|_| (), guard(vec![owner, other, near, far]));
    let event = polyptych_domain::AuditEvent {
        time: None,
        client: polyptych_domain::ClientId::new("owner").unwrap(),
        verb: polyptych_domain::Verb::Delete,
        album: "libraries/alpha/albums/a".parse().unwrap(),
        image: None,
        operation: None,
        failure: None,
        request_id: None,
        points: 0,
    };
    polyptych_domain::AuditLog::record(server.audit.as_ref(), &[event]).await.unwrap();
    for (key, seen) in [(&owner_key, 1), (&other_key, 0), (&near_key, 1), (&far_key, 0)] {
        let request = by(key, v1::ListEventsRequest::default());
        let events = server.events().await.list_events(request).await.unwrap().into_inner().events;
        assert_eq!(events.len(), seen);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_does_is_done_in_its_name() {
    let (key, client) = keyed("agency", &["alpha"], &[Read, Write]);
    let server = Server::guarded(|_| (), guard(vec![client]));
    let name = operation(&server, &key, "alpha", "").await;
    let id = polyptych_domain::OperationId::new(name.strip_prefix("operations/").unwrap()).unwrap();
    let kept = polyptych_domain::Operations::get(server.operations.as_ref(), &id).await.unwrap();
    assert_eq!(kept.client.as_str(), "agency");
}
