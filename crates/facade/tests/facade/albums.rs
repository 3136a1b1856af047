//! `ListAlbums`: what the library finds, page by page, each token for its own query.

use polyptych_domain::{Album, AlbumId, Error, ErrorKind};
use polyptych_proto::v1;
use tonic::Code;

use crate::support::{Server, blamed, reason};

fn request(query: &str, page_size: i32, page_token: &str) -> v1::ListAlbumsRequest {
    let [parent, query, page_token] = ["libraries/alpha", query, page_token].map(str::to_owned);
    v1::ListAlbumsRequest { parent, page_size, page_token, query }
}

fn server() -> Server {
    let server = Server::start();
    let album = |id: &str, name: &str| Album { name: Some(name.to_owned()), ..Album::new(AlbumId::new(id).unwrap()) };
    let albums = ["cow milk", "bread", "goat milk", "soy milk"].iter().zip(["s~a", "s~b/b", "s~c", "s~d"]);
    *server.library.albums.lock().unwrap() = albums.map(|(name, id)| album(id, name)).collect();
    server
}

#[tokio::test(start_paused = true)]
async fn albums_are_found_by_a_query_and_paged() {
    let server = server();
    let mut client = server.libraries().await;
    let first = client.list_albums(request("MILK", 2, "")).await.unwrap().into_inner();
    let second = client.list_albums(request(" milk", 2, &first.next_page_token)).await;
    // The case of letters makes another query of it.
    assert_eq!(blamed(&second.unwrap_err()), ["page_token"]);
    let second = client.list_albums(request("MILK ", 2, &first.next_page_token)).await.unwrap().into_inner();
    let names: Vec<_> = first.albums.iter().chain(&second.albums).map(|album| album.display_name.as_str()).collect();
    assert_eq!((names, second.next_page_token.as_str()), (vec!["cow milk", "goat milk", "soy milk"], ""));
    let bread = client.list_albums(request("bread", 0, "")).await.unwrap().into_inner();
    let [bread] = bread.albums.as_slice() else { panic!("{bread:?}") };
    assert_eq!((bread.name.as_str(), bread.uid.as_str()), ("libraries/alpha/albums/s~b%2Fb", "s~b/b"));
    assert_eq!((bread.active, bread.codes.len(), bread.owner.as_str()), (None, 0, ""));
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_refused_and_a_library_that_lists_nothing_says_so() {
    let server = server();
    let mut client = server.libraries().await;
    let token = client.list_albums(request("milk", 1, "")).await.unwrap().into_inner().next_page_token;
    for (asked, field) in [
        (request("bread", 1, &token), "page_token"),
        (request("", 1, "forged"), "page_token"),
        (request("", -1, ""), "page_size"),
        (request(&"x".repeat(257), 0, ""), "query"),
        (request("a\u{0}b", 0, ""), "query"),
        (v1::ListAlbumsRequest { parent: "libraries/alpha/albums/a".to_owned(), ..request("", 0, "") }, "parent"),
    ] {
        let status = client.list_albums(asked).await.unwrap_err();
        assert_eq!((status.code(), blamed(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let elsewhere = v1::ListAlbumsRequest { parent: "libraries/nowhere".to_owned(), ..request("", 0, "") };
    assert_eq!(reason(&client.list_albums(elsewhere).await.unwrap_err()), "LIBRARY_NOT_FOUND");
    server.library.fail(|| Error::new(ErrorKind::Unsupported, "this library does not tell which albums there are"));
    let status = client.list_albums(request("", 0, "")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "UNSUPPORTED"));
}
