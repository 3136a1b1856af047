//! Generated messages, clients and servers of the gRPC API `polyptych.v1`, and the descriptors that reflection serves.
//! Nothing here is written by hand, and nothing here knows the domain.
//!
//! `google.rpc` is that of [`tonic_types::pb`]. The modules are nested as the packages are, since generated code refers
//! from one to the other.

pub use google::longrunning;
pub use polyptych::v1;

#[path = "generated"]
mod google {
    /// Package `google.longrunning`, restated: operations, and the service by which they are watched.
    #[allow(missing_docs, unreachable_pub, clippy::all)]
    #[rustfmt::skip]
    #[path = "google.longrunning.rs"]
    pub mod longrunning;
}

#[path = "generated"]
mod polyptych {
    /// Package `polyptych.v1`: the messages, and a `*_client` and a `*_server` module per service.
    // prost leaves some nested modules and generated methods without documentation.
    #[allow(missing_docs, unreachable_pub, clippy::all)]
    #[rustfmt::skip]
    #[path = "polyptych.v1.rs"]
    pub mod v1;
}

/// An encoded `google.protobuf.FileDescriptorSet`: the files of `polyptych.v1` with their comments and options, and their
/// imports.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptor_set.binpb");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost::Message;

    use super::*;

    #[test]
    fn the_descriptor_set_decodes_and_holds_the_services_with_their_methods_and_comments() {
        let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let ours = set.file.iter().filter(|file| file.package() == "polyptych.v1");
        let services: BTreeMap<_, Vec<_>> = ours
            .clone()
            .flat_map(|file| &file.service)
            .map(|service| (service.name(), service.method.iter().map(|method| method.name()).collect()))
            .collect();
        let expected = BTreeMap::from([
            ("AssociationService", vec!["ListAssociations", "SetAssociations"]),
            ("AuditService", vec!["ListEvents"]),
            (
                "ImageService",
                vec![
                    "UploadImage",
                    "UploadSmallImage",
                    "CheckImage",
                    "GetImage",
                    "DownloadImage",
                    "ListImages",
                    "StreamImages",
                    "DeleteImage",
                    "ImportImages",
                    "DeleteImages",
                    "CopyImages",
                ],
            ),
            ("LibraryService", vec!["ListLibraries", "GetLibrary", "ListAlbums", "GetQuota"]),
            ("PublishService", vec!["Publish", "StagePicture", "PlanSync", "ApplySync"]),
        ]);
        assert_eq!(services, expected);
        for file in ours {
            let comments = file.source_code_info.iter().flat_map(|info| &info.location);
            assert!(comments.filter_map(|location| location.leading_comments.as_ref()).count() > 2, "{}", file.name());
        }
    }

    #[test]
    fn every_import_of_the_descriptor_set_is_in_it() {
        let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let names: Vec<_> = set.file.iter().map(|file| file.name()).collect();
        let imports = set.file.iter().flat_map(|file| &file.dependency);
        assert!(imports.clone().count() >= 3);
        for import in imports {
            assert!(names.contains(&import.as_str()), "{import}");
        }
    }

    #[test]
    fn services_are_named_as_in_the_descriptors() {
        assert_eq!(v1::image_service_server::SERVICE_NAME, "polyptych.v1.ImageService");
        assert_eq!(v1::library_service_server::SERVICE_NAME, "polyptych.v1.LibraryService");
    }
}
