use std::fs;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use tempfile::TempDir;

use super::*;

fn settings(folder: &TempDir) -> Settings {
    Settings {
        spool_dir: folder.path().join("spool"),
        memory_bytes: 1000,
        max_upload_bytes: 10_000,
        spool_bytes: 12_000,
        ..Settings::default()
    }
}

/// Every file below, the locks left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().unwrap() != "lock" {
            found.push(path);
        }
    }
    found
}

/// Bytes that differ from place to place.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 31 % 251) as u8).collect()
}

async fn receive(spool: &Spool, bytes: &[u8], step: usize) -> Result<Content, SpoolError> {
    let mut upload = spool.upload(None);
    for chunk in bytes.chunks(step) {
        upload.push(Bytes::copy_from_slice(chunk)).await?;
    }
    upload.finish()
}

async fn chunks(content: &Content) -> Vec<u8> {
    let chunks: Vec<_> = content.source().chunks().try_collect().await.unwrap();
    chunks.concat()
}

#[tokio::test]
async fn a_small_upload_stays_in_memory() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let bytes = pattern(1000);
    let content = receive(&spool, &bytes, 300).await.unwrap();
    assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    assert_eq!((content.len(), content.sha256(), spool.used()), (1000, Sha256::of(&bytes), 0));
    assert_eq!(chunks(&content).await, bytes);
}

#[tokio::test]
async fn a_small_upload_goes_to_a_file_while_there_is_no_room_in_memory() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&Settings { spool_memory_bytes: 1500, ..settings(&folder) }).unwrap();
    let bytes = pattern(1000);
    let first = receive(&spool, &bytes, 300).await.unwrap();
    assert_eq!(files(folder.path()).len(), 0);
    let second = receive(&spool, &bytes, 300).await.unwrap();
    assert_eq!((files(folder.path()).len(), second.sha256(), spool.used()), (1, Sha256::of(&bytes), 1000));
    assert_eq!(chunks(&second).await, bytes);
    drop((first, second));
    let _third = receive(&spool, &bytes, 300).await.unwrap();
    assert_eq!((files(folder.path()).len(), spool.used()), (0, 0));
}

#[tokio::test]
async fn a_larger_upload_is_in_one_file_until_its_last_reader_has_gone() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let bytes = pattern(9999);
    let content = receive(&spool, &bytes, 300).await.unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    assert_eq!((content.len(), content.sha256(), spool.used()), (9999, Sha256::of(&bytes), 9999));
    for _ in 0..2 {
        assert_eq!(content.source().read().unwrap(), bytes);
        assert_eq!(chunks(&content).await, bytes);
    }
    let mut reading = content.source().chunks();
    drop(content);
    assert_eq!(reading.try_next().await.unwrap().unwrap(), bytes[..]);
    drop(reading);
    assert_eq!((files(folder.path()).len(), spool.used()), (0, 0));
}

#[tokio::test]
async fn a_file_longer_than_one_read_arrives_in_order() {
    let folder = TempDir::new().unwrap();
    let settings = Settings { max_upload_bytes: 1 << 20, spool_bytes: 1 << 20, ..settings(&folder) };
    let spool = Spool::open(&settings).unwrap();
    let bytes = pattern(700_001);
    let content = receive(&spool, &bytes, 64 << 10).await.unwrap();
    assert_eq!(chunks(&content).await, bytes);
}

#[tokio::test]
async fn a_file_that_is_cut_while_it_is_read_is_an_error() {
    let folder = TempDir::new().unwrap();
    let settings = Settings { max_upload_bytes: 1 << 20, spool_bytes: 1 << 20, ..settings(&folder) };
    let spool = Spool::open(&settings).unwrap();
    let bytes = pattern(700_001);
    let content = receive(&spool, &bytes, 64 << 10).await.unwrap();
    let mut reading = content.source().chunks();
    let first = reading.try_next().await.unwrap().unwrap();
    assert!(bytes.starts_with(&first) && first.len() < 200_000, "{} bytes", first.len());
    let file = fs::OpenOptions::new().write(true).open(&files(folder.path())[0]).unwrap();
    file.set_len(200_000).unwrap();
    assert_eq!(reading.try_next().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn an_upload_that_is_dropped_half_way_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let mut upload = spool.upload(None);
    upload.push(pattern(5000).into()).await.unwrap();
    assert_eq!((files(folder.path()).len(), spool.used()), (1, 5000));
    drop(upload);
    assert_eq!((files(folder.path()).len(), spool.used()), (0, 0));
}

#[tokio::test]
async fn one_upload_has_its_cap_and_all_files_have_theirs() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let error = receive(&spool, &pattern(10_001), 500).await.unwrap_err();
    assert!(matches!(error, SpoolError::UploadTooLong { max: 10_000 }), "{error}");
    let first = receive(&spool, &pattern(10_000), 500).await.unwrap();
    let error = receive(&spool, &pattern(2001), 500).await.unwrap_err();
    assert!(matches!(error, SpoolError::Full), "{error}");
    assert_eq!((files(folder.path()).len(), spool.used()), (1, 10_000));
    let second = receive(&spool, &pattern(2000), 500).await.unwrap();
    drop(first);
    let third = receive(&spool, &pattern(10_000), 500).await.unwrap();
    assert_eq!((files(folder.path()).len(), spool.used()), (2, 12_000));
    drop((second, third));
    assert_eq!(spool.used(), 0);
}

#[tokio::test]
async fn what_a_client_has_in_files_is_its_own_share_until_it_is_gone() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&Settings { spool_bytes_per_client: 6000, ..settings(&folder) }).unwrap();
    let upload = async |client: &str, len| {
        let mut upload = spool.upload(Some(ClientId::new(client).unwrap()));
        upload.push(pattern(len).into()).await?;
        upload.finish()
    };
    let first = upload("anna", 5000).await.unwrap();
    let error = upload("anna", 1001).await.unwrap_err();
    assert!(matches!(error, SpoolError::ShareFull), "{error}");
    let others = upload("boris", 6000).await.unwrap();
    let small = upload("anna", 1000).await.unwrap();
    assert_eq!((files(folder.path()).len(), spool.used()), (2, 11_000));
    drop(first);
    let next = upload("anna", 6000).await.unwrap();
    drop((others, small, next));
    assert_eq!((files(folder.path()).len(), spool.used()), (0, 0));
}

#[tokio::test]
async fn a_file_that_was_changed_from_outside_is_an_error_not_a_shorter_image() {
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let content = receive(&spool, &pattern(5000), 500).await.unwrap();
    fs::write(&files(folder.path())[0], pattern(100)).unwrap();
    assert_eq!(content.source().read().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let error = content.source().chunks().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_start_sweeps_what_ended_servers_left_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let settings = settings(&folder);
    let alive = Spool::open(&settings).unwrap();
    let kept = receive(&alive, &pattern(5000), 500).await.unwrap();
    let left = settings.spool_dir.join("server-1-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    fs::write(left.join("3.upload"), "rest").unwrap();
    let foreign = settings.spool_dir.join("notes");
    fs::create_dir(&foreign).unwrap();
    let second = Spool::open(&settings).unwrap();
    assert!(!left.exists());
    assert!(foreign.exists());
    assert_eq!(kept.source().read().unwrap(), pattern(5000));
    drop(kept);
    drop((alive, second));
    assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_spool_file_is_for_the_server_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let content = receive(&spool, &pattern(5000), 500).await.unwrap();
    let mode = fs::metadata(&files(folder.path())[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(content);
}

#[cfg(unix)]
#[test]
fn users_who_share_a_folder_for_temporary_files_have_spools_of_their_own() {
    let folder = TempDir::new().unwrap();
    let own = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path()).unwrap());
    let name = Settings::default().spool_dir.file_name().unwrap().to_owned();
    assert_eq!(name.to_str(), Some(&*format!("polyptych-spool-{own}")));
}

#[cfg(unix)]
#[test]
fn a_folder_of_another_user_is_refused() {
    let folder = TempDir::new().unwrap();
    let settings = settings(&folder);
    fs::create_dir(&settings.spool_dir).unwrap();
    if let Err(error) = std::os::unix::fs::chown(&settings.spool_dir, Some(65_534), None) {
        println!("skipped: only the administrator can give a folder away ({error})");
        return;
    }
    let error = Spool::open(&settings).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "it belongs to another user");
    assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
}

#[tokio::test]
async fn a_picture_that_comes_from_elsewhere_is_kept_like_an_upload() {
    use futures_util::{StreamExt, stream};
    use polyptych_domain::{Error, ErrorKind, Pieces, Spool as _};

    let folder = TempDir::new().unwrap();
    let spool = Spool::open(&settings(&folder)).unwrap();
    let bytes = pattern(5000);
    let pieces = |bytes: &[u8], end: Option<Error>| -> Pieces {
        let pieces: Vec<_> = bytes.chunks(700).map(|piece| Ok(piece.to_vec().into())).chain(end.map(Err)).collect();
        stream::iter(pieces).boxed()
    };
    let too_long = spool.keep(pieces(&pattern(10_001), None)).await.unwrap_err();
    assert_eq!((too_long.kind(), spool.used()), (ErrorKind::TooLarge, 0));

    let kept = spool.keep(pieces(&bytes, None)).await.unwrap();
    assert_eq!((kept.sha256(), files(folder.path()).len(), spool.used()), (Sha256::of(&bytes), 1, 5000));
    assert_eq!(chunks(&kept).await, bytes);

    let broken = Error::new(ErrorKind::ProviderTimeout, "slow");
    for (pieces, kind) in [
        (pieces(&bytes, Some(broken)), ErrorKind::ProviderTimeout),
        (pieces(&pattern(7_001), None), ErrorKind::QuotaExhausted),
    ] {
        assert_eq!(spool.keep(pieces).await.unwrap_err().kind(), kind);
    }
    // What was not kept whole leaves nothing behind, and what was kept goes with its last reader.
    assert_eq!((files(folder.path()).len(), spool.used()), (1, 5000));
    drop(kept);
    assert_eq!((files(folder.path()).len(), spool.used()), (0, 0));
}
