//! The methods that are served, from their descriptors, and how often and how long each was called.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use metrics::{Counter, Histogram, counter, histogram};
use polyptych_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::Code;

use crate::status::code_name;

/// Codes that a call may end with.
const CODES: usize = 17;

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    /// `package.Service/Method`.
    pub(crate) name: Arc<str>,
    /// Whether a request may have more messages than one.
    pub(crate) takes_many: bool,
    /// Whether an answer may.
    pub(crate) answers_many: bool,
    /// By code; looked for when they are first needed, since to find one takes longer than to count.
    figures: [OnceLock<(Counter, Histogram)>; CODES],
}

impl Method {
    fn new(name: &str, takes_many: bool, answers_many: bool) -> Self {
        Self { name: name.into(), takes_many, answers_many, figures: Default::default() }
    }

    /// Counts a call that ended.
    pub(crate) fn ended(&self, code: Code, seconds: f64) {
        let figures = || {
            let (method, code) = (metrics::SharedString::from(Arc::clone(&self.name)), code_name(code));
            let count = counter!("polyptych_rpcs_total", "method" => method.clone(), "code" => code);
            (count, histogram!("polyptych_rpc_seconds", "method" => method, "code" => code))
        };
        if let Some(place) = self.figures.get(code as usize) {
            let (count, spread) = place.get_or_init(figures);
            count.increment(1);
            spread.record(seconds);
        }
    }
}

/// All methods by their paths. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct Served(Arc<Methods>);

#[derive(Debug)]
struct Methods {
    known: HashMap<String, Arc<Method>>,
    /// What stands for all others.
    unknown: Arc<Method>,
}

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
                    let (takes_many, answers_many) = (method.client_streaming(), method.server_streaming());
                    (format!("/{name}"), Arc::new(Method::new(&name, takes_many, answers_many)))
                })
            })
        });
        Self(Arc::new(Methods { known: methods.collect(), unknown: Arc::new(Method::new("unknown", false, false)) }))
    }

    /// The method of a path; one called `unknown`, of one message each way, if there is none.
    pub(crate) fn of(&self, path: &str) -> &Arc<Method> {
        self.0.known.get(path).unwrap_or(&self.0.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_that_is_served_is_known_by_its_path() {
        let served = Served::new();
        for (name, takes_many, answers_many) in [
            ("polyptych.v1.ImageService/UploadImage", true, false),
            ("polyptych.v1.ImageService/DownloadImage", false, true),
            ("google.longrunning.Operations/GetOperation", false, false),
            ("grpc.health.v1.Health/Check", false, false),
            ("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true, true),
        ] {
            let method = served.of(&format!("/{name}"));
            assert_eq!((&*method.name, method.takes_many, method.answers_many), (name, takes_many, answers_many));
            assert_eq!(&*served.of(name).name, "unknown");
        }
    }

    #[test]
    fn there_is_a_place_for_every_code() {
        assert_eq!(Code::Unauthenticated as usize, CODES - 1);
        assert_eq!(Code::from_i32(CODES as i32), Code::Unknown);
    }
}
