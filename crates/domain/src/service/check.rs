//! What an upload would do, told without doing it: what the image is, which rules it breaks, which fit would help. CPU work, run on
//! workers; nothing is sent anywhere.

use polyptych_imaging as imaging;

use super::Service;
use super::prepare::{check_name, read};
use crate::rules::Verdict;
use crate::workers::on_workers;
use crate::{Animation, Content, Error, Fit, FitPlan, Inspection, LibraryId, Rules, Violation};

/// One image to be compared with the rules of one library.
#[derive(Debug, Clone)]
pub struct CheckCommand {
    /// Whose rules.
    pub library: LibraryId,
    /// The name that it would get.
    pub name: String,
    /// The bytes as received.
    pub content: Content,
    /// The fit to be planned; with [`Fit::None`] the nearest one that would help is looked for.
    pub fit: Fit,
    /// What that fit does with several frames; a fit that is looked for takes the first one.
    pub animation: Animation,
    /// Class in the provider's words; absent means any.
    pub class: Option<String>,
}

impl CheckCommand {
    /// Compares `content` as it is with the rules of a library, and looks for a fit that would help.
    pub fn new(library: LibraryId, name: impl Into<String>, content: impl Into<Content>) -> Self {
        Self {
            library,
            name: name.into(),
            content: content.into(),
            fit: Fit::None,
            animation: Animation::default(),
            class: None,
        }
    }

    /// Plans this fit instead of looking for one.
    #[must_use]
    pub fn with_fit(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }
}

/// What the check found.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckReport {
    /// What the header says; absent when there is none that can be read.
    pub found: Option<Inspection>,
    /// The classes that take the image as it is, the preferred first.
    pub classes: Vec<&'static str>,
    /// Every broken rule of the image as it is. Damage and bytes that are no image break the rule `content`.
    pub violations: Vec<Violation>,
    /// What would suit the places where the picture may appear; nothing is refused for it.
    pub advice: Vec<Violation>,
    /// What an upload with the fit asked for would send; without a fit, the nearest one that would satisfy the rules. Absent when
    /// none can, and when nothing has to be done.
    pub plan: Option<FitPlan>,
    /// Why the fit asked for does not help; empty when there is a plan, or nothing has to be done.
    pub obstacles: Vec<Violation>,
}

impl Service {
    /// Says what an upload would find wrong with an image and what a fit would do to it. Nothing is sent to the provider.
    ///
    /// # Errors
    /// `LibraryNotFound`; `InvalidArgument` for a name that no library could take; `Internal`. What is wrong with the image is data.
    pub async fn check(&self, command: CheckCommand) -> Result<CheckReport, Error> {
        let library = self.library(&command.library)?;
        let rules = library.rules();
        let report = on_workers(self.workers.as_ref(), move |_| compared(rules, &command)).await;
        report.and_then(|report| report).map_err(|error| error.with_library(library.id(), library.provider()))
    }
}

/// Compares an image with the rules. Blocks.
///
/// # Errors
/// `InvalidArgument` for a name that no library could take, `Internal` when the content cannot be read.
fn compared(rules: &'static Rules, command: &CheckCommand) -> Result<CheckReport, Error> {
    check_name(&command.name)?;
    let bytes = read(&command.content)?;
    let (name, class) = (command.name.as_str(), command.class.as_deref());
    let inspected = imaging::inspect(&bytes);
    let damage = inspected.as_ref().err().cloned().or_else(|| imaging::verify(&bytes).err());
    let damage = damage.map(|error| Violation {
        rule: "content".into(),
        class: None,
        limit: "a whole image of a known format and size".to_owned(),
        found: error.to_string(),
    });
    let Ok(image) = inspected else {
        let violations = damage.into_iter().chain(rules.check_name(name)).collect();
        return Ok(CheckReport {
            found: None,
            classes: Vec::new(),
            violations,
            advice: Vec::new(),
            plan: None,
            obstacles: Vec::new(),
        });
    };
    let verdict = rules.judge(&image, name, class);
    let (plan, obstacles) = match &damage {
        Some(_) => (None, Vec::new()),
        None => planned(rules, command, &bytes, &image, &verdict),
    };
    let Verdict { mut classes, violations, advice, .. } = verdict;
    if damage.is_some() {
        classes.clear();
    }
    let violations = damage.into_iter().chain(violations).collect();
    Ok(CheckReport { found: Some(image), classes, violations, advice, plan, obstacles })
}

fn planned(
    rules: &'static Rules,
    command: &CheckCommand,
    bytes: &[u8],
    image: &Inspection,
    verdict: &Verdict,
) -> (Option<FitPlan>, Vec<Violation>) {
    let (name, class) = (command.name.as_str(), command.class.as_deref());
    if command.fit == Fit::None {
        let helps = !verdict.violations.is_empty();
        let nearest = helps.then(|| rules.suggest(image, name, class, verdict)).flatten();
        return (nearest.filter(|plan| undecodable(plan, bytes).is_none()), Vec::new());
    }
    match rules.plan(image, name, command.fit, command.animation, class) {
        // Sent as it is, under its own name.
        Ok(plan) if plan.target.is_none() && plan.name == name => (None, Vec::new()),
        Ok(plan) => match undecodable(&plan, bytes) {
            None => (Some(plan), Vec::new()),
            Some(obstacle) => (None, vec![obstacle]),
        },
        Err(obstacles) => (None, obstacles),
    }
}

/// Why the picture, though it is whole, cannot be brought to what the plan says.
fn undecodable(plan: &FitPlan, bytes: &[u8]) -> Option<Violation> {
    plan.target.as_ref()?;
    imaging::decodable(bytes).err().map(|error| Violation {
        rule: "content".into(),
        class: None,
        limit: "a picture that can be decoded within its size".to_owned(),
        found: error.to_string(),
    })
}
