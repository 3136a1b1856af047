//! Both judges: the domain's check, and a running emulator that is sent what no check has seen.

use std::sync::Arc;

use polyptych::WorkerPool;
use polyptych::config::Encoding;
use polyptych::domain::{
    AlbumId, Animation, CheckCommand, CheckReport, Content, Error, ErrorKind, Fit, Format, ImageLibrary, LibraryId,
    Service, Upload, UploadCommand, UploadPolicy, UploadReceipt, Violation,
};
use polyptych_emulator::{Emulator, Running, Settings};

use crate::cases::Case;

pub(crate) const LIBRARIES: [&str; 6] =
    ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap", "facebook", "evotor"];

pub(crate) struct Stack {
    service: Service,
    _emulator: Running,
}

/// The libraries of an emulator; Facebook's as files, since only they have names.
pub(crate) fn libraries(address: &str) -> Vec<Arc<dyn ImageLibrary>> {
    let mut config = polyptych::emulated::config(address);
    config.libraries.get_mut("facebook").unwrap().encoding = Some(Encoding::Multipart);
    polyptych::open_libraries(&config).unwrap()
}

impl Stack {
    pub(crate) async fn start() -> Self {
        // Points, rates and room for every row, so that only pictures and names are judged.
        let mut settings = Settings { stored_bytes: 1 << 32, ..Settings::default() };
        settings.yandex.daily_points = 100_000_000;
        settings.evotor.rate_limit = 1_000_000;
        // Above every row, so that the file is judged and not the request.
        settings.evotor.body_cap = 64 << 20;
        let emulator = Emulator::new(settings).serve().await.unwrap();
        let libraries = libraries(&emulator.base_url());
        let service = Service::new(libraries, Arc::new(WorkerPool::new(2))).unwrap();
        Self { service, _emulator: emulator }
    }

    fn library(&self, library: &str) -> &dyn ImageLibrary {
        self.service.library(&LibraryId::new(library).unwrap()).unwrap().as_ref()
    }

    pub(crate) fn has_class(&self, library: &str, class: &str) -> bool {
        self.library(library).rules().classes.iter().any(|known| known.name == class)
    }

    pub(crate) async fn report(&self, library: &str, case: &Case) -> CheckReport {
        let command = CheckCommand {
            library: LibraryId::new(library).unwrap(),
            name: case.name.clone(),
            content: Content::from_bytes(case.bytes.clone()),
            fit: Fit::None,
            animation: Animation::Refuse,
            class: self.class(library, case),
        };
        self.service.check(command).await.unwrap()
    }

    pub(crate) async fn violations(&self, library: &str, case: &Case) -> Vec<Violation> {
        let report = self.report(library, case).await;
        assert_eq!(report.classes.is_empty(), !report.violations.is_empty(), "{}", case.what);
        report.violations
    }

    /// Why the emulator refuses the case, if it does.
    pub(crate) async fn refusal(&self, library: &str, case: &Case) -> Option<Error> {
        let upload = Upload {
            name: case.name.clone(),
            format: Format::sniff(&case.bytes).unwrap_or(Format::Png),
            class: self.class(library, case),
            content: Content::from_bytes(case.bytes.clone()),
            replace: false,
        };
        let library = self.library(library);
        let album = library.default_album().unwrap();
        let outcome = library.upload(album, &[upload]).await;
        match outcome.and_then(|mut outcomes| outcomes.pop().unwrap()) {
            Ok(uploaded) => {
                delete(library, album, &uploaded.image.id).await;
                None
            }
            Err(error) => {
                let judged = matches!(
                    error.kind(),
                    ErrorKind::RulesViolated
                        | ErrorKind::CorruptImage
                        | ErrorKind::NotAnImage
                        | ErrorKind::TooLarge
                        | ErrorKind::InvalidArgument
                        | ErrorKind::ProviderRefused
                );
                assert!(judged, "{} was not judged: {error:?}", case.what);
                Some(error)
            }
        }
    }

    /// What a whole upload with this fit comes to; the image is deleted again.
    pub(crate) async fn fitted(
        &self,
        library: &str,
        case: &Case,
        fit: Fit,
        animation: Animation,
        class: Option<&str>,
    ) -> Result<UploadReceipt, Error> {
        let command = UploadCommand {
            library: LibraryId::new(library).unwrap(),
            album: None,
            name: case.name.clone(),
            content: Content::from_bytes(case.bytes.clone()),
            fit,
            animation,
            class: class.map(str::to_owned),
            replace: false,
            policy: UploadPolicy::Force,
        };
        let receipt = self.service.upload(command).await?;
        delete(self.library(library), &receipt.image.album, &receipt.image.id).await;
        Ok(receipt)
    }

    /// The class that a row asks for, where the provider can be asked for one: v4 Live has no field for it.
    fn class(&self, library: &str, case: &Case) -> Option<String> {
        case.class.filter(|class| library.starts_with("yandex-v5") && self.has_class(library, class)).map(str::to_owned)
    }
}

async fn delete(library: &dyn ImageLibrary, album: &AlbumId, image: &polyptych::domain::ImageId) {
    let outcomes = library.delete(album, std::slice::from_ref(image)).await.unwrap();
    assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()));
}
