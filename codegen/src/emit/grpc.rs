//! Messages, clients and servers of compiled protocol buffers: what prost and tonic make of them, as text per package.
//! It never writes a file and never reads the environment.

use std::collections::BTreeMap;

use prost_build::{Config, Module};
use protox::prost_reflect::prost_types::FileDescriptorSet;

use crate::{Error, ErrorKind};

/// Packages whose messages are not generated: `tonic-types` ships `google.rpc`, and only options use `google.api`.
const SHIPPED: [(&str, &str); 2] = [(".google.rpc", "::tonic_types::pb"), (".google.api", "::tonic_types::pb")];

/// The Rust file of each package that defines something, without a header. Well-known types are those of `prost-types`;
/// `bytes` fields are reference-counted, so that a received chunk is not copied.
///
/// # Errors
/// [`ErrorKind::Emit`] if the descriptors do not make Rust.
pub fn packages(files: FileDescriptorSet) -> Result<BTreeMap<String, String>, Error> {
    let requests: Vec<_> =
        files.file.into_iter().map(|file| (Module::from_protobuf_package_name(file.package()), file)).collect();
    let names: BTreeMap<_, _> =
        requests.iter().map(|(module, file)| (module.clone(), file.package().to_owned())).collect();
    let mut config = Config::new();
    for (package, path) in SHIPPED {
        config.extern_path(package, path);
    }
    config.bytes(["."]).service_generator(tonic_prost_build::configure().service_generator());
    let modules = config
        .generate(requests)
        .map_err(|error| Error::in_file(ErrorKind::Emit, "", format!("no Rust can be generated: {error}")))?;
    let named = modules.into_iter().filter_map(|(module, text)| Some((names.get(&module)?.clone(), text)));
    Ok(named.collect())
}
