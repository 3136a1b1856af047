//! Every method for clients of every kind, and libraries of every kind: one that the client may use, one that it may not, and
//! one that is not there.

use polyptych_facade::auth::{Access, Guard, Reflection, Right};
use polyptych_proto::{FILE_DESCRIPTOR_SET, longrunning, v1};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::Code;

use super::clients::{Signer, keyed, nameless};
use super::wire::{call, told};
use crate::support::{Server, now, png, reason};

/// Of these libraries the first two are there, and clients may use the first one only.
const PERMITTED: &str = "alpha";
const FORBIDDEN: &str = "gamma";
const ABSENT: &str = "delta";

/// The paths of all methods of the API.
fn methods() -> Vec<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(|service| (file.package(), service)));
    let methods = services.flat_map(|(package, service)| {
        service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
    });
    methods.collect()
}

/// What each method needs, said once more: `None` is any right.
fn right(method: &str) -> Option<Right> {
    const WRITES: [&str; 13] = [
        "ApplySync",
        "CancelOperation",
        "CopyImages",
        "DeleteImage",
        "DeleteImages",
        "DeleteOperation",
        "ImportImages",
        "PlanSync",
        "Publish",
        "SetAssociations",
        "StagePicture",
        "UploadImage",
        "UploadSmallImage",
    ];
    const OF_ANYBODY: [&str; 3] = ["GetOperation", "ListOperations", "WaitOperation"];
    let (_, name) = method.rsplit_once('/').unwrap();
    match name {
        name if OF_ANYBODY.contains(&name) => None,
        name if WRITES.contains(&name) => Some(Right::Write),
        _ => Some(Right::Read),
    }
}

/// Whether the method is about a library.
fn is_about_libraries(method: &str) -> bool {
    const OF_NONE: [&str; 3] = ["/ListLibraries", "/StagePicture", "/ApplySync"];
    !method.starts_with("/google.longrunning.") && !OF_NONE.iter().any(|name| method.ends_with(name))
}

fn bytes(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// Requests of a method that name a library; more than one where it can be named in several places.
fn requests(method: &str, library: &str) -> Vec<Vec<Vec<u8>>> {
    let name = format!("libraries/{library}");
    let album = format!("{name}/albums/a");
    let image = format!("{album}/images/b");
    let elsewhere = format!("libraries/{PERMITTED}/albums/a/images/b");
    let operation = "operations/none".to_owned();
    let upload = |parent: String| {
        use v1::upload_image_request::Payload;
        let metadata = v1::UploadImageMetadata { parent, display_name: "a.png".to_owned(), ..Default::default() };
        let payloads = [Payload::Metadata(metadata), Payload::Chunk(png(9, 9).into())];
        payloads.map(|payload| bytes(&v1::UploadImageRequest { payload: Some(payload) })).to_vec()
    };
    let one = |message: Vec<u8>| vec![vec![message]];
    let (_, short) = method.rsplit_once('/').unwrap();
    match short {
        "GetLibrary" => one(bytes(&v1::GetLibraryRequest { name })),
        "GetQuota" => one(bytes(&v1::GetQuotaRequest { name: format!("{album}/quota") })),
        "ListAlbums" => one(bytes(&v1::ListAlbumsRequest { parent: name, ..Default::default() })),
        "ListLibraries" => one(bytes(&v1::ListLibrariesRequest::default())),
        "UploadSmallImage" => {
            let metadata =
                v1::UploadImageMetadata { parent: album, display_name: "a.png".to_owned(), ..Default::default() };
            let request = v1::UploadSmallImageRequest { metadata: Some(metadata), content: png(9, 9).into() };
            one(bytes(&request))
        }
        "UploadImage" | "CheckImage" => vec![upload(album), upload(name)],
        "DownloadImage" => one(bytes(&v1::DownloadImageRequest { name: image })),
        "GetImage" => one(bytes(&v1::GetImageRequest { name: image })),
        "ListImages" => one(bytes(&v1::ListImagesRequest { parent: album, ..Default::default() })),
        "StreamImages" => one(bytes(&v1::StreamImagesRequest { parent: album, ..Default::default() })),
        "DeleteImage" => {
            let spoken = |validate_only| {
                vec![bytes(&v1::DeleteImageRequest { name: image.clone(), validate_only, ..Default::default() })]
            };
            vec![spoken(false), spoken(true)]
        }
        "ImportImages" => {
            let source =
                v1::ImportSource { uri: "https://pictures.test/a.png".to_owned(), parent: album, ..Default::default() };
            one(bytes(&v1::ImportImagesRequest { sources: vec![source], ..Default::default() }))
        }
        "DeleteImages" => {
            let names = vec![elsewhere, image];
            one(bytes(&v1::DeleteImagesRequest { names, ..Default::default() }))
        }
        "CopyImages" => {
            let copy = |names, parent| bytes(&v1::CopyImagesRequest { names, parent, ..Default::default() });
            let home = format!("libraries/{PERMITTED}/albums/a");
            vec![vec![copy(vec![image], home)], vec![copy(vec![elsewhere], album)]]
        }
        "Publish" => {
            use v1::publish_request::Payload;
            let targets = vec![v1::PublishTarget { parent: album, ..Default::default() }];
            let metadata = v1::PublishMetadata { targets, display_name: "a.png".to_owned(), ..Default::default() };
            let payloads = [Payload::Metadata(metadata), Payload::Chunk(png(9, 9).into())];
            vec![payloads.map(|payload| bytes(&v1::PublishRequest { payload: Some(payload) })).to_vec()]
        }
        "StagePicture" => {
            use v1::stage_picture_request::Payload;
            let payloads = [Payload::Metadata(v1::StagePictureMetadata::default()), Payload::Chunk(png(9, 9).into())];
            vec![payloads.map(|payload| bytes(&v1::StagePictureRequest { payload: Some(payload) })).to_vec()]
        }
        "PlanSync" => {
            let picture = v1::SyncPicture {
                key: "a".to_owned(),
                source: Some(v1::sync_picture::Source::Uri("https://pictures.test/a.png".to_owned())),
                ..Default::default()
            };
            let wish = v1::SyncWish { key: "a".to_owned(), ..Default::default() };
            let wanted = v1::SyncAlbum { parent: album, pictures: vec![wish], ..Default::default() };
            let manifest = v1::SyncManifest { pictures: vec![picture], albums: vec![wanted] };
            one(bytes(&v1::PlanSyncRequest { manifest: Some(manifest), ..Default::default() }))
        }
        "ApplySync" => one(bytes(&v1::ApplySyncRequest { plan: operation, ..Default::default() })),
        "ListAssociations" => one(bytes(&v1::ListAssociationsRequest { parent: album, ..Default::default() })),
        "SetAssociations" => {
            let changes = vec![v1::AssociationChange { advertisement: "1".to_owned(), image }];
            one(bytes(&v1::SetAssociationsRequest { parent: album, changes }))
        }
        "ListEvents" => one(bytes(&v1::ListEventsRequest { parent: name, ..Default::default() })),
        "GetOperation" => one(bytes(&longrunning::GetOperationRequest { name: operation })),
        "ListOperations" => one(bytes(&longrunning::ListOperationsRequest::default())),
        "WaitOperation" => one(bytes(&longrunning::WaitOperationRequest { name: operation, ..Default::default() })),
        "CancelOperation" => one(bytes(&longrunning::CancelOperationRequest { name: operation })),
        "DeleteOperation" => one(bytes(&longrunning::DeleteOperationRequest { name: operation })),
        _ => panic!("say how {method} is called"),
    }
}

/// What a request comes to.
async fn outcome(server: &Server, credential: Option<&str>, method: &str, messages: Vec<Vec<u8>>) -> Outcome {
    call(server, credential, method, messages).await.map(drop).map_err(|status| {
        let reason = reason(&status);
        (told(&status), reason)
    })
}

/// Who it is, what it says of itself, and its rights if it is known.
type Credential<'a> = (String, Option<String>, Option<&'a [Right]>);

type Outcome = Result<(), ((Code, String, Vec<u8>), String)>;

fn code_and_reason(outcome: &Outcome) -> Option<(Code, &str)> {
    outcome.as_ref().err().map(|((code, ..), reason)| (*code, reason.as_str()))
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_refused_alike_whether_the_library_is_there_or_not() {
    use Right::{Admin, Read, Write};
    let signer = Signer::new();
    let mut clients = Vec::new();
    let mut credentials: Vec<Credential<'_>> = vec![
        ("nobody".to_owned(), None, None),
        ("a stranger".to_owned(), Some("polyptych_0000000000000000000000000000000000000000000".to_owned()), None),
        ("a stranger's token".to_owned(), Some(Signer::new().token("alice")), None),
        ("a token of nobody here".to_owned(), Some(signer.token("mallory")), None),
    ];
    let kinds: [(&str, &[Right]); 5] = [
        ("reader", &[Read]),
        ("writer", &[Write]),
        ("both", &[Read, Write]),
        ("overseer", &[Admin]),
        ("all", &[Read, Write, Admin]),
    ];
    for (id, rights) in kinds {
        let (key, client) = keyed(id, &[PERMITTED], rights);
        clients.push(client);
        credentials.push((format!("{id} by key"), Some(key.reveal().to_owned()), Some(rights)));
        let (id, subject) = (format!("{id}-by-token"), format!("{id}@issuer"));
        credentials.push((id.clone(), Some(signer.token(&subject)), Some(rights)));
        clients.push(polyptych_facade::auth::Client { subjects: vec![subject], ..nameless(&id, &[PERMITTED], rights) });
    }
    let guard = Guard::new(Access::new(clients, Some(signer.issuer()), Reflection::Open).unwrap(), now);
    let server = Server::guarded(|_| (), guard);
    server.library.put("a", "b");
    let mut cases = 0;
    for (who, credential, rights) in &credentials {
        for method in methods() {
            let mut outcomes = Vec::new();
            for library in [PERMITTED, FORBIDDEN, ABSENT] {
                let mut told = Vec::new();
                for messages in requests(&method, library) {
                    told.push(outcome(&server, credential.as_deref(), &method, messages).await);
                    cases += 1;
                }
                outcomes.push(told);
            }
            let [permitted, forbidden, absent] = outcomes.as_slice() else { panic!("three") };
            let case = format!("{who} calls {method}");
            assert_eq!(forbidden, absent, "{case}");
            let refused = match (rights, right(&method)) {
                (None, _) => Some((Code::Unauthenticated, "UNAUTHENTICATED")),
                (Some(rights), Some(needed)) if !rights.contains(&needed) => {
                    Some((Code::PermissionDenied, "FORBIDDEN"))
                }
                _ => None,
            };
            for told in permitted {
                match (code_and_reason(told), refused) {
                    (told, Some(refused)) => assert_eq!(told, Some(refused), "{case}"),
                    (Some((Code::Unauthenticated | Code::PermissionDenied, reason)), None) => {
                        panic!("{case}: {reason}")
                    }
                    _ => {}
                }
            }
            if refused.is_some() {
                assert_eq!(permitted, forbidden, "{case}");
            } else if is_about_libraries(&method) {
                for told in forbidden {
                    assert_eq!(code_and_reason(told), Some((Code::PermissionDenied, "FORBIDDEN")), "{case}");
                }
            }
        }
    }
    println!("{cases} calls of {} methods by {} callers", methods().len(), credentials.len());
    assert!(server.library.calls.load(std::sync::atomic::Ordering::SeqCst) > 0);
}

#[tokio::test(start_paused = true)]
async fn where_a_client_may_use_every_library_of_a_name_it_is_told_that_one_is_not_there_and_of_no_other() {
    let (key, client) = keyed("both", &["alpha*"], &[Right::Read, Right::Write]);
    let server = Server::guarded(|_| (), super::clients::guard(vec![client]));
    for method in methods().iter().filter(|method| is_about_libraries(method) && !method.ends_with("/ListEvents")) {
        for messages in requests(method, "alphabet") {
            let status = call(&server, Some(key.reveal()), method, messages).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "LIBRARY_NOT_FOUND"), "{method}");
            let told = format!("{status:?}");
            assert!(!told.contains("beta") && !told.contains("gamma"), "{told}");
        }
    }
}
