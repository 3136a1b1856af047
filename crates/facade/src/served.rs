//! The methods that are served, from their descriptors.

use std::collections::HashMap;
use std::sync::Arc;

use polyptych_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::FileDescriptorSet;

/// A method.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    /// `package.Service/Method`.
    pub(crate) name: Arc<str>,
    /// Whether a request may have more messages than one.
    pub(crate) many: bool,
}

/// All methods by their paths. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct Served(Arc<HashMap<String, Method>>);

impl Served {
    pub(crate) fn new() -> Self {
        let sets = [
            FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok()).flat_map(|set| set.file);
        let methods = files.flat_map(|file| {
            let package = file.package().to_owned();
            file.service.into_iter().flat_map(move |service| {
                let service_name = format!("{package}.{}", service.name());
                service.method.into_iter().map(move |method| {
                    let name = format!("{service_name}/{}", method.name());
                    (format!("/{name}"), Method { name: name.into(), many: method.client_streaming() })
                })
            })
        });
        Self(Arc::new(methods.collect()))
    }

    /// The method of a path; `None` if there is none.
    pub(crate) fn at(&self, path: &str) -> Option<&Method> {
        self.0.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_that_is_served_is_known_by_its_path() {
        let served = Served::new();
        for (name, many) in [
            ("polyptych.v1.ImageService/UploadImage", true),
            ("polyptych.v1.ImageService/DownloadImage", false),
            ("google.longrunning.Operations/GetOperation", false),
            ("grpc.health.v1.Health/Check", false),
            ("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true),
        ] {
            let method = served.at(&format!("/{name}")).unwrap();
            assert_eq!((&*method.name, method.many), (name, many));
            assert!(served.at(name).is_none());
        }
    }
}
