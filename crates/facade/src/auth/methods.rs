//! Which right each method needs, a row for each method of every service that is served. A method without a row is not
//! there, whoever calls it.

use super::Right;

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Anybody, known or not: what tells nothing of what is configured.
    Nothing,
    /// As for the description of the API, whose place in the configuration is [`super::Reflection`].
    Reflection,
    /// Any client that has a right to something, since it is about what the client itself has begun.
    AnyRight,
    /// Clients with this right.
    Right(Right),
}

use Need::{AnyRight, Nothing, Reflection};
const READ: Need = Need::Right(Right::Read);
const WRITE: Need = Need::Right(Right::Write);

/// The rows, by path.
pub(super) const METHODS: &[(&str, Need)] = &[
    ("/google.longrunning.Operations/CancelOperation", WRITE),
    ("/google.longrunning.Operations/DeleteOperation", WRITE),
    ("/google.longrunning.Operations/GetOperation", AnyRight),
    ("/google.longrunning.Operations/ListOperations", AnyRight),
    ("/google.longrunning.Operations/WaitOperation", AnyRight),
    ("/grpc.health.v1.Health/Check", Nothing),
    ("/grpc.health.v1.Health/Watch", Nothing),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Reflection),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Reflection),
    ("/polyptych.v1.AssociationService/ListAssociations", READ),
    ("/polyptych.v1.AssociationService/SetAssociations", WRITE),
    ("/polyptych.v1.AuditService/ListEvents", READ),
    ("/polyptych.v1.ImageService/CheckImage", READ),
    ("/polyptych.v1.ImageService/CopyImages", WRITE),
    ("/polyptych.v1.ImageService/DeleteImage", WRITE),
    ("/polyptych.v1.ImageService/DeleteImages", WRITE),
    ("/polyptych.v1.ImageService/DownloadImage", READ),
    ("/polyptych.v1.ImageService/GetImage", READ),
    ("/polyptych.v1.ImageService/ImportImages", WRITE),
    ("/polyptych.v1.ImageService/ListImages", READ),
    ("/polyptych.v1.ImageService/StreamImages", READ),
    ("/polyptych.v1.ImageService/UploadImage", WRITE),
    ("/polyptych.v1.ImageService/UploadSmallImage", WRITE),
    ("/polyptych.v1.LibraryService/GetLibrary", READ),
    ("/polyptych.v1.LibraryService/GetQuota", READ),
    ("/polyptych.v1.LibraryService/ListAlbums", READ),
    ("/polyptych.v1.LibraryService/ListLibraries", READ),
    ("/polyptych.v1.PublishService/ApplySync", WRITE),
    ("/polyptych.v1.PublishService/PlanSync", WRITE),
    ("/polyptych.v1.PublishService/Publish", WRITE),
    ("/polyptych.v1.PublishService/StagePicture", WRITE),
];

/// The row of a path.
pub(super) fn need(path: &str) -> Option<Need> {
    let place = METHODS.binary_search_by_key(&path, |(path, _)| path).ok()?;
    METHODS.get(place).map(|(_, need)| *need)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    /// The paths of all methods that a descriptor set describes.
    fn described(set: &[u8]) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for file in FileDescriptorSet::decode(set).unwrap().file {
            for service in &file.service {
                let methods = service.method.iter().map(|method| method.name());
                paths.extend(methods.map(|method| format!("/{}.{}/{method}", file.package(), service.name())));
            }
        }
        paths
    }

    #[test]
    fn every_method_that_is_served_has_its_row_and_no_other_has_one() {
        let mut served = described(polyptych_proto::FILE_DESCRIPTOR_SET);
        served.extend(described(tonic_health::pb::FILE_DESCRIPTOR_SET));
        served.extend(described(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET));
        served.extend(described(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET));
        let rows: BTreeSet<_> = METHODS.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(rows, served);
    }

    #[test]
    fn rows_are_found_by_their_whole_path() {
        assert!(METHODS.is_sorted_by_key(|(path, _)| *path));
        assert!(METHODS.iter().all(|(path, row)| need(path) == Some(*row)));
        for path in ["", "/", "/polyptych.v1.LibraryService/", "polyptych.v1.LibraryService/GetLibrary"] {
            assert_eq!(need(path), None, "{path}");
        }
        assert_eq!(need("/polyptych.v1.LibraryService/GetLibrary/"), None);
        assert_eq!(need("/polyptych.v1.LibraryService/getlibrary"), None);
    }

    #[test]
    fn nothing_of_ours_is_open_to_everybody() {
        for (path, need) in METHODS {
            assert!(!path.starts_with("/polyptych.") || matches!(need, Need::Right(_)), "{path}");
            assert!(!path.starts_with("/google.") || !matches!(need, Nothing | Reflection), "{path}");
        }
    }
}
