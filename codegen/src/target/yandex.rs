//! Yandex Direct: the image services of v5 and v4 Live, from their service descriptions.

use super::{Target, input};
use crate::emit::shape::Model;
use crate::emit::{format, header, soap};
use crate::ir::Api;
use crate::pass::overlay::Overlay;
use crate::pass::prune::Roots;
use crate::pass::{overlay, prepare};
use crate::source::wsdl;
use crate::{Errors, Inputs, Output};

const FOLDER: &str = "crates/wire-yandex/src/generated";

const V5: Service = Service {
    name: "yandex-direct-v5",
    schemas: &["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd"],
    overlays: "yandex-direct-v5/overlays.toml",
    operations: &["AdImages.add", "AdImages.delete", "AdImages.get"],
    file: "v5.rs",
    doc: "Direct API v5, service AdImages: types, JSON and XML codecs, operations.",
};

const LIVE4: Service = Service {
    name: "yandex-direct-live4",
    schemas: &["yandex-direct-live4/adimage.wsdl"],
    overlays: "yandex-direct-live4/overlays.toml",
    operations: &["AdImage", "AdImageAssociation"],
    file: "live4.rs",
    doc: "Direct API v4 Live, methods AdImage and AdImageAssociation: types, JSON and XML codecs, operations.",
};

/// The targets of this provider.
pub(super) const TARGETS: &[Target] = &[
    Target {
        name: V5.name,
        inputs: &["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd", "yandex-direct-v5/overlays.toml"],
        folder: FOLDER,
        generate: |inputs| V5.generate(inputs),
    },
    Target {
        name: LIVE4.name,
        inputs: &["yandex-direct-live4/adimage.wsdl", "yandex-direct-live4/overlays.toml"],
        folder: FOLDER,
        generate: |inputs| LIVE4.generate(inputs),
    },
];

/// The services of this provider.
pub(super) const SERVICES: &[super::Service] = &[
    super::Service {
        name: V5.name,
        file: "crates/wire-yandex/src/generated/v5.rs",
        parse: |inputs| V5.parse(inputs),
        overlays: |inputs| V5.overlays(inputs),
        roots: Roots::of(V5.operations),
    },
    super::Service {
        name: LIVE4.name,
        file: "crates/wire-yandex/src/generated/live4.rs",
        parse: |inputs| LIVE4.parse(inputs),
        overlays: |inputs| LIVE4.overlays(inputs),
        roots: Roots::of(LIVE4.operations),
    },
];

/// One service: its description first, then the schemas that it imports.
struct Service {
    name: &'static str,
    schemas: &'static [&'static str],
    overlays: &'static str,
    operations: &'static [&'static str],
    file: &'static str,
    doc: &'static str,
}

impl Service {
    fn main(&self) -> &'static str {
        self.schemas.first().copied().unwrap_or_default()
    }

    fn parse(&self, inputs: &Inputs) -> Result<Api, Errors> {
        let mut files = Vec::new();
        for path in self.schemas {
            files.push((*path, input(inputs, path)?));
        }
        Ok(wsdl::parse(self.name, self.main(), &files)?)
    }

    fn overlays(&self, inputs: &Inputs) -> Result<Vec<Overlay>, Errors> {
        Ok(overlay::parse(self.overlays, input(inputs, self.overlays)?)?)
    }

    fn generate(&self, inputs: &Inputs) -> Result<Output, Errors> {
        let api = prepare(self.parse(inputs)?, &self.overlays(inputs)?, Roots::of(self.operations))?;
        let tokens = soap::emit(&Model::new(&api), self.doc)?;
        let body = format(tokens, self.main())?;
        let sources: Vec<&str> = self.schemas.iter().copied().chain([self.overlays]).collect();
        let text = header::seal(inputs, &sources, &body)?;
        Ok(Output::from([(format!("{FOLDER}/{}", self.file), text.into_bytes())]))
    }
}
