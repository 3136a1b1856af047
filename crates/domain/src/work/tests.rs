use super::{Failure, ImportItem, ImportTask, Task, UploadTerms};
use crate::{
    AlbumId, AlbumName, Animation, Applied, Error, ErrorKind, Fit, LibraryId, Provider, ProviderError, UploadPolicy,
    Violation,
};

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn an_error_that_was_kept_says_what_it_said() {
    let violation =
        Violation { rule: "bytes".into(), class: Some("WIDE".into()), limit: "10 MB".into(), found: "11 MB".into() };
    let said = ProviderError { code: Some("152".into()), request_id: Some("42".into()), ..ProviderError::default() };
    let library = LibraryId::new("direct").unwrap();
    let error = Error::new(ErrorKind::RulesViolated, "too long")
        .with_applied(Applied::Unknown)
        .with_resent(1)
        .with_violations(vec![violation])
        .with_library(&library, Provider::YandexDirectV5)
        .with_album(&AlbumId::new("self").unwrap())
        .with_provider_error(said);
    let kept = through_json(&Failure::from(&error));
    let read = Error::from(kept.clone());
    assert_eq!(read.to_string(), error.to_string());
    assert_eq!(Failure::from(&read), kept);
}

#[test]
fn a_cause_becomes_part_of_the_message_once() {
    let error = Error::new(ErrorKind::Internal, "cannot keep it").with_source(std::io::Error::other("no space"));
    assert_eq!(Failure::from(&error).message, "cannot keep it: no space");
    let said =
        Error::new(ErrorKind::Internal, "cannot keep it: no space").with_source(std::io::Error::other("no space"));
    assert_eq!(Failure::from(&said).message, "cannot keep it: no space");
}

#[test]
fn a_task_survives_being_stored_and_a_malformed_one_is_refused() {
    let album = AlbumName { library: LibraryId::new("facebook").unwrap(), album: AlbumId::new("1").unwrap() };
    let terms =
        UploadTerms { fit: Fit::Exact, animation: Animation::FirstFrame, replace: true, policy: UploadPolicy::Verify };
    let target = super::TargetRecord { album, class: None };
    let item = ImportItem { url: "https://pictures.test/a.png".to_owned(), name: None, target };
    let task = Task::Import(ImportTask { items: vec![item], terms });
    assert_eq!(through_json(&task), task);
    let text = serde_json::to_string(&task).unwrap();
    assert!(serde_json::from_str::<Task>(&text.replace("facebook", "Face book")).is_err());
    assert_eq!((task.as_str(), task.items()), ("import", 1));
}

#[test]
fn the_names_of_kinds_are_those_that_tasks_are_kept_under() {
    let unknown = serde_json::from_str::<Task>(r#"{"kind":"novelty"}"#).unwrap_err().to_string();
    let known: Vec<_> = unknown.split('`').skip(1).step_by(2).skip(1).collect();
    assert_eq!(known, Task::KINDS, "{unknown}");
}
