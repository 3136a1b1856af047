//! A world to make faults in: an emulator of its own, a proxy before it, a library that reaches it through the proxy,
//! and one that reaches it directly, for preparing and for looking afterwards.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use polyptych_domain::{AlbumId, Content, Format, Image, ImageId, ImageLibrary, PageRequest, Upload};
use polyptych_emulator::{AppSecret, Emulator, Running, Settings, SystemClock};
use polyptych_transport::{Config, Fixed, Seeded, Timeouts};

use crate::clock::Leaping;
use crate::fault::{Action, Ending, Fault};
use crate::form::{APP_SECRET, Form, Stage};
use crate::picture;
use crate::proxy::{Proxy, Script, Seen};

/// The credential of every library here. It must never be seen outside of a request.
pub const CANARY: &str = "canary-8f1d7c20b6e94a53";

/// Settings of an emulator that has room for every run here.
pub fn roomy(deduplicate: bool) -> Settings {
    // Dates of images are compared with the time of the library's clock.
    let clock = Arc::new(SystemClock);
    let mut settings = Settings { clock, deduplicate, journal_entries: 1 << 20, ..Settings::default() };
    settings.yandex.daily_points = 1 << 40;
    settings.yandex.image_quota = 1 << 20;
    settings.evotor.rate_limit = 1 << 40;
    settings.facebook.app_secret = Some(AppSecret::new(APP_SECRET));
    settings.facebook.require_proof = true;
    settings
}

/// How a library is connected here.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The longest silence.
    pub idle: Duration,
    /// The whole try.
    pub total: Duration,
    /// The largest answer.
    pub max_response_bytes: u64,
}

impl Patience {
    /// For exchanges that nothing disturbs.
    pub const LONG: Self = Self {
        idle: Duration::from_secs(60),
        total: Duration::from_secs(120),
        max_response_bytes: Config::MAX_RESPONSE_BYTES,
    };
    /// For faults of every kind: short enough that silence costs little, and long enough for a busy machine.
    pub const SHORT: Self =
        Self { idle: Duration::from_millis(1500), total: Duration::from_millis(2500), max_response_bytes: 256 * 1024 };

    /// As long as a fault needs: short only for the limit of time that it meets.
    fn under(fault: &Fault, stage: Stage) -> Self {
        let calm = Self { max_response_bytes: Self::SHORT.max_response_bytes, ..Self::LONG };
        match fault.action {
            Action::Drip => Self { total: Self::SHORT.total, ..calm },
            // The try that follows has to bring a long picture through, and the provider to look at it.
            Action::CutRequest(_, Ending::Silence) if stage == Stage::Upload => {
                Self { idle: Duration::from_secs(4), ..calm }
            }
            Action::CutRequest(_, Ending::Silence) | Action::CutAnswer(_, Ending::Silence) => {
                Self { idle: Self::SHORT.idle, ..calm }
            }
            _ => calm,
        }
    }
}

/// A library of `form` at `address`; waits between its tries are leapt over, and its jitter comes from `seed`.
///
/// # Panics
/// If the settings are refused, which a test would see.
pub fn connect(
    form: &Form,
    address: SocketAddr,
    patience: Patience,
    clock: &Leaping,
    seed: u64,
) -> Arc<dyn ImageLibrary> {
    let Patience { idle, total, max_response_bytes } = patience;
    let timeouts = Timeouts { idle, total, ..Timeouts::default() };
    let config = Config::new(format!("http://{address}"), form.auth.clone(), Arc::new(Fixed::new(CANARY)))
        .with_timeouts(timeouts)
        .with_max_response_bytes(max_response_bytes)
        .with_clock(Arc::new(clock.clone()))
        .with_jitter(Arc::new(Seeded::new(seed)));
    form.open(config)
}

/// Which requests of a stage a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// The first.
    Once,
    /// All.
    Always,
}

/// One form's world.
pub struct World {
    /// The form.
    pub form: &'static Form,
    /// The emulated provider.
    pub provider: Running,
    /// What stands before it.
    pub proxy: Proxy,
    /// Reaches the provider through the proxy.
    pub library: Arc<dyn ImageLibrary>,
    /// Reaches the provider directly.
    pub direct: Arc<dyn ImageLibrary>,
    armed: Arc<AtomicBool>,
}

impl World {
    /// A world in which `fault` strikes requests of `stage`, once it is armed.
    ///
    /// # Errors
    /// If a port cannot be had.
    pub async fn start(
        form: &'static Form,
        (fault, stage, strike): (&'static Fault, Stage, Strike),
        deduplicate: bool,
    ) -> std::io::Result<Self> {
        let provider = Emulator::new(roomy(deduplicate)).serve().await?;
        let armed = Arc::new(AtomicBool::new(false));
        let proxy = match fault.action {
            Action::Refuse => Proxy::refusing()?,
            _ => Proxy::start(provider.local_addr(), script(form, (fault, stage, strike), Arc::clone(&armed)))?,
        };
        let clock = Leaping::default();
        let library = connect(form, proxy.address(), Patience::under(fault, stage), &clock, 1);
        let direct = connect(form, provider.local_addr(), Patience::LONG, &clock, 2);
        Ok(Self { form, provider, proxy, library, direct, armed })
    }

    /// Lets the fault strike, or keeps it back.
    pub fn arm(&self, armed: bool) {
        self.armed.store(armed, Ordering::SeqCst);
    }

    /// Uploads a picture directly; its id.
    ///
    /// # Errors
    /// If that fails, which no fault can cause.
    pub async fn prepare(&self, album: &AlbumId, upload: &Upload) -> anyhow::Result<ImageId> {
        let mut outcomes = self.direct.upload(album, std::slice::from_ref(upload)).await?;
        let image = outcomes.pop().ok_or_else(|| anyhow::anyhow!("no outcome"))??;
        Ok(image.image.id)
    }

    /// The first page of the album, read directly.
    ///
    /// # Errors
    /// If that fails, which no fault can cause.
    pub async fn look(&self, album: &AlbumId) -> anyhow::Result<Vec<Image>> {
        Ok(self.direct.list(album, &first_page()).await?.items)
    }
}

/// The longest first page.
pub fn first_page() -> PageRequest {
    PageRequest { size: 500, after: None }
}

/// An upload of a picture of `bytes` bytes that is like no other of another `seed`.
pub fn upload(form: &Form, seed: u64, bytes: usize) -> Upload {
    Upload {
        name: format!("picture-{seed}.png"),
        format: Format::Png,
        class: None,
        content: Content::from_bytes(picture::png(form.side, seed, bytes)),
        replace: false,
    }
}

fn script(
    form: &'static Form,
    (fault, stage, strike): (&'static Fault, Stage, Strike),
    armed: Arc<AtomicBool>,
) -> Script {
    let struck = AtomicU64::new(0);
    Arc::new(move |seen: &Seen| {
        let meant = armed.load(Ordering::SeqCst) && form.stage(seen) == Some(stage);
        let strikes = meant && (struck.fetch_add(1, Ordering::SeqCst) == 0 || strike == Strike::Always);
        strikes.then_some(fault)
    })
}
