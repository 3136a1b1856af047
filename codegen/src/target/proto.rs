//! Polyptych's own gRPC API: messages, clients, servers and the descriptor set that reflection serves.

use super::Target;
use crate::emit::{grpc, header};
use crate::source::proto;
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/proto/src/generated";

/// Our files, and what they import of the Google files, restated.
const PROTOS: &[&str] = &[
    "google/api/field_behavior.proto",
    "google/api/resource.proto",
    "google/longrunning/operations.proto",
    "google/rpc/status.proto",
    "polyptych/v1/association_service.proto",
    "polyptych/v1/audit_service.proto",
    "polyptych/v1/image_service.proto",
    "polyptych/v1/library_service.proto",
    "polyptych/v1/operations.proto",
    "polyptych/v1/publish_service.proto",
    "polyptych/v1/resources.proto",
];

/// The targets of this API.
pub(super) const TARGETS: &[Target] =
    &[Target { name: "polyptych-v1", inputs: PROTOS, folder: FOLDER, generate: generate_proto }];

/// One Rust file per package and the encoded descriptor set of all.
fn generate_proto(inputs: &Inputs) -> Result<Output, Errors> {
    let compiled = proto::compile(inputs, PROTOS)?;
    let mut output = Output::new();
    for (package, body) in grpc::packages(compiled.files)? {
        let text = header::seal(inputs, PROTOS, &body)?;
        output.insert(format!("{FOLDER}/{package}.rs"), text.into_bytes());
    }
    output.insert(format!("{FOLDER}/descriptor_set.binpb"), compiled.encoded);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn stored() -> Inputs {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
        PROTOS.iter().map(|path| ((*path).to_owned(), std::fs::read(schemas.join(path)).unwrap())).collect()
    }

    #[test]
    fn the_stored_protos_make_two_packages_and_a_descriptor_set_the_same_every_time() {
        let output = generate_proto(&stored()).unwrap();
        let paths: Vec<_> = output.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "crates/proto/src/generated/descriptor_set.binpb",
                "crates/proto/src/generated/google.longrunning.rs",
                "crates/proto/src/generated/polyptych.v1.rs"
            ]
        );
        let rust = std::str::from_utf8(&output["crates/proto/src/generated/polyptych.v1.rs"]).unwrap();
        assert_eq!(header::is_intact(rust), Some(true));
        for line in ["pub mod image_service_client", "pub mod image_service_server", "Chunk(::prost::bytes::Bytes)"] {
            assert!(rust.contains(line), "{line}");
        }
        for _ in 0..3 {
            assert_eq!(generate_proto(&stored()).unwrap(), output);
        }
    }

    #[test]
    fn a_missing_proto_is_named() {
        let mut inputs = stored();
        inputs.remove("polyptych/v1/resources.proto");
        let errors = generate_proto(&inputs).unwrap_err();
        assert_eq!(errors.to_string(), "schemas/polyptych/v1/resources.proto: the stored input is missing");
    }
}
