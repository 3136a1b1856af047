use polyptych_domain::ProviderError;

use super::*;

fn library() -> LibraryId {
    LibraryId::new("facebook").unwrap()
}

#[test]
fn what_the_provider_said_and_where_is_in_the_details() {
    let error = Error::new(ErrorKind::ProviderRefused, "facebook refuses: bad hash")
        .with_applied(Applied::Unknown)
        .with_library(&library(), Provider::Facebook)
        .with_album(&AlbumId::new("1000000001").unwrap())
        .with_provider_error(ProviderError {
            code: Some("100".to_owned()),
            subcode: Some("33".to_owned()),
            http_status: Some(400),
            message: "Invalid parameter".to_owned(),
            request_id: Some("Axyz".to_owned()),
        });
    let status = failed(&error, Fields::of("name"));
    let info = status.get_details_error_info().unwrap();
    let expected = [
        ("provider", "facebook"),
        ("provider_code", "100"),
        ("provider_subcode", "33"),
        ("request_id", "Axyz"),
        ("library", "facebook"),
        ("album", "1000000001"),
        ("applied", "unknown"),
    ];
    let expected: HashMap<_, _> = expected.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("polyptych", "PROVIDER_REFUSED"));
    assert_eq!(info.metadata, expected);
}

#[test]
fn what_is_not_known_is_left_out() {
    let status = failed(&Error::new(ErrorKind::Unsupported, "no"), Fields::of("name"));
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.metadata, HashMap::from([("applied".to_owned(), "no".to_owned())]));
    assert!(status.get_details_bad_request().is_none());
}

#[test]
fn a_used_up_quota_is_told_with_its_owner_and_the_time_to_come_back() {
    let wait = Duration::from_secs(1_234);
    let error = |kind, applied| {
        Error::new(kind, "not enough points")
            .with_library(&library(), Provider::YandexDirectV5)
            .with_album(&AlbumId::new("a client").unwrap())
            .with_applied(applied)
            .with_retry_after(Some(wait))
    };
    for kind in [ErrorKind::QuotaExhausted, ErrorKind::RateLimited] {
        let status = failed(&error(kind, Applied::No), Fields::of("name"));
        let violations = status.get_details_quota_failure().unwrap().violations;
        let [violation] = violations.as_slice() else { panic!("{violations:?}") };
        assert_eq!(violation.subject, "libraries/facebook/albums/a%20client");
        assert_eq!(violation.description, "not enough points");
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(wait));
    }
    let status = failed(&error(ErrorKind::ProviderUnavailable, Applied::No), Fields::of("name"));
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(wait));
    assert!(status.get_details_quota_failure().is_none());
}

#[test]
fn nobody_is_told_to_repeat_what_may_have_been_applied_or_when_nobody_knows() {
    let error = || Error::new(ErrorKind::ProviderUnavailable, "down").with_retry_after(Some(Duration::from_secs(9)));
    for error in [
        error().with_applied(Applied::Unknown),
        error().with_applied(Applied::Yes),
        Error::new(ErrorKind::QuotaExhausted, "no points"),
    ] {
        let status = failed(&error, Fields::of("name"));
        assert!(status.get_details_retry_info().is_none() && status.get_details_quota_failure().is_none(), "{error}");
    }
}

#[test]
fn every_violation_blames_the_field_that_breaks_the_rule() {
    let violation = |rule: &'static str, class: Option<&'static str>| Violation {
        rule: rule.into(),
        class: class.map(Into::into),
        limit: "a".to_owned(),
        found: "b".to_owned(),
    };
    let violations = vec![
        violation("name", None),
        violation("class", None),
        violation("pixels", Some("WIDE")),
        violation("frames", None),
    ];
    let status = failed(&Error::violated(violations), Fields::UPLOAD);
    let blamed: Vec<_> =
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|field| field.field).collect();
    assert_eq!(blamed, ["metadata.display_name", "metadata.image_class", "chunk", "chunk"]);
}

#[test]
fn the_cause_of_an_error_stays_here() {
    let error = Error::new(ErrorKind::Internal, "the received image could not be read again")
        .with_source("/srv/secret/path: permission denied");
    let status = failed(&error, Fields::UPLOAD);
    assert_eq!(status.message(), "the received image could not be read again");
    assert!(!String::from_utf8_lossy(status.details()).contains("secret"));
}

#[test]
fn the_longest_error_fits_into_the_headers_that_clients_take() {
    let long = "Ъ".repeat(100_000);
    let violation = Violation { rule: "name".into(), class: None, limit: long.clone(), found: long.clone() };
    let error = Error::violated(vec![violation; 500])
        .with_library(&library(), Provider::Facebook)
        .with_album(&AlbumId::new("я".repeat(128)).unwrap())
        .with_provider_error(ProviderError {
            code: Some(long.clone()),
            subcode: Some(long.clone()),
            http_status: None,
            message: long.clone(),
            request_id: Some(long),
        });
    let headers = failed(&error, Fields::UPLOAD).into_http::<()>().into_parts().0.headers;
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!((4 << 10..8 << 10).contains(&bytes), "{bytes}");
    assert!(Status::from_header_map(&headers).unwrap().get_details_bad_request().is_some());
}

#[test]
fn reasons_are_unique_and_written_as_the_convention_wants() {
    let mut texts: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    for text in &texts {
        assert!(text.len() <= 63 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{text}");
    }
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), Reason::ALL.len());
}
