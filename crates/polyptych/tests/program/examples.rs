//! The examples run, each with an emulator of its own in its process.

#[path = "../../examples/albums.rs"]
mod albums;
#[path = "../../examples/publish.rs"]
mod publish;
#[path = "../../examples/sync.rs"]
mod sync;
#[path = "../../examples/upload.rs"]
mod upload;

#[test]
fn a_picture_is_uploaded_once() {
    upload::main().unwrap();
}

#[test]
fn a_picture_is_published_to_all_libraries() {
    publish::main().unwrap();
}

#[test]
fn albums_are_listed_copied_and_emptied() {
    albums::main().unwrap();
}

#[test]
fn albums_become_what_a_manifest_wants() {
    sync::main().unwrap();
}
