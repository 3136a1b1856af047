//! `polyptych associations`: what shows the images of an album, and what advertisements are to show.

use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use clap::{Args, Subcommand};
use polyptych::domain::NameError;
use polyptych::proto::v1;
use serde::Serialize;
use v1::association::Moderation;
use v1::association_service_client::AssociationServiceClient;

use super::connection::{Common, Connection};
use super::failure::Failure;
use super::names::{Image, Target, short};
use super::report::{Report, Row, State, Tally};
use super::stop::Stop;
use super::told;

/// Most changes of one request.
const AT_ONCE: usize = 1_000;

/// Tell what shows the images of an album, or change it
///
/// Yandex Direct v4 Live tells advertisements and lets them be changed, v5 tells only that an image has one; Facebook tells
/// creatives.
#[derive(Debug, Args)]
pub(crate) struct Associations {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what shows images of an album
    List {
        /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
        #[arg(value_name = "TARGET")]
        album: Target,
        /// Of this image alone: LIBRARY/ALBUM/IMAGE; repeatable
        #[arg(long, value_name = "IMAGE")]
        image: Vec<Image>,
        /// Of this advertisement alone; repeatable
        #[arg(long, value_name = "NUMBER")]
        ad: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Let advertisements show images, or none (Yandex Direct v4 Live)
    #[command(after_help = "\
Example, after which 17 shows the image and 18 shows none:
  polyptych associations set direct 17=direct/self/aB3x 18=")]
    Set {
        /// Album: LIBRARY/ALBUM, or LIBRARY for its default album
        #[arg(value_name = "TARGET")]
        album: Target,
        /// AD=LIBRARY/ALBUM/IMAGE, in place of what AD shows now; AD= for none
        #[arg(value_name = "CHANGE", required = true)]
        changes: Vec<Change>,
        #[command(flatten)]
        common: Common,
    },
}

/// What an advertisement is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    advertisement: String,
    /// None for nothing.
    image: Option<Image>,
}

impl FromStr for Change {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let pattern =
            || NameError::Pattern { name: text.chars().take(256).collect(), pattern: "AD=LIBRARY/ALBUM/IMAGE" };
        let (advertisement, image) =
            text.split_once('=').filter(|(number, _)| !number.is_empty()).ok_or_else(pattern)?;
        let image = if image.is_empty() { None } else { Some(image.parse()?) };
        Ok(Self { advertisement: advertisement.to_owned(), image })
    }
}

/// An image and what shows it. What the provider does not tell is left out.
#[derive(Debug, Serialize)]
struct Shown {
    /// Resource name of the image.
    image: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    advertisement: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    campaign: String,
    /// `unchecked`, `pending`, `accepted`, `rejected`, or the provider's word.
    #[serde(skip_serializing_if = "String::is_empty")]
    moderation: String,
    /// In the provider's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejections: Vec<String>,
}

/// A change, and what became of it.
#[derive(Debug, Serialize)]
struct Changed {
    advertisement: String,
    /// Resource name of the image; left out for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    image: String,
    /// `done`, `failed` or `not_begun`.
    result: &'static str,
    /// Of the answer that says that it was done; left out where the provider tells none.
    #[serde(skip_serializing_if = "String::is_empty")]
    provider_request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

impl Associations {
    pub(crate) fn common(&self) -> &Common {
        match &self.command {
            Command::List { common, .. } | Command::Set { common, .. } => common,
        }
    }

    pub(crate) async fn run(&self, connection: &Connection, stop: &Stop) -> Result<Tally> {
        match &self.command {
            Command::List { album, image, ad, common } => {
                let request = v1::ListAssociationsRequest {
                    parent: album.parent(),
                    page_size: 1_000,
                    images: image.iter().map(Image::name).collect(),
                    advertisements: ad.clone(),
                    ..Default::default()
                };
                list(connection, request, Report::new(common.format()), stop).await
            }
            Command::Set { album, changes, common } => {
                set(connection, &album.parent(), changes, Report::new(common.format()), stop).await
            }
        }
    }
}

async fn list(
    connection: &Connection,
    mut request: v1::ListAssociationsRequest,
    mut report: Report<Shown>,
    stop: &Stop,
) -> Result<Tally> {
    let mut associations = AssociationServiceClient::new(connection.channel());
    let listed = async {
        loop {
            let page = tokio::select! {
                page = associations.list_associations(request.clone()) => page.map_err(told)?.into_inner(),
                () = stop.gently() => return Ok(()),
            };
            for association in page.associations {
                report.add(Shown::from(association))?;
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(());
            }
        }
    };
    let listed = listed.await;
    report.close(listed, "associations", "failed")
}

async fn set(
    connection: &Connection,
    parent: &str,
    changes: &[Change],
    mut report: Report<Changed>,
    stop: &Stop,
) -> Result<Tally> {
    let changed = change(connection, parent, changes, &mut report, stop).await;
    report.close(changed, "done", "failed")
}

async fn change(
    connection: &Connection,
    parent: &str,
    changes: &[Change],
    report: &mut Report<Changed>,
    stop: &Stop,
) -> Result<()> {
    let mut associations = AssociationServiceClient::new(connection.channel());
    for part in changes.chunks(AT_ONCE) {
        let messages: Vec<_> = part.iter().map(Change::message).collect();
        let outcomes = match stop.asked() {
            true => None,
            false => {
                let request = v1::SetAssociationsRequest { parent: parent.to_owned(), changes: messages.clone() };
                let outcomes = tokio::select! {
                    changed = associations.set_associations(request) => changed.map_err(told)?.into_inner().outcomes,
                    () = stop.now() => bail!("given up; changes may have been made: look before repeating"),
                };
                ensure!(outcomes.len() == part.len(), "{} changes have {} outcomes", part.len(), outcomes.len());
                Some(outcomes)
            }
        };
        let mut outcomes = outcomes.into_iter().flatten();
        for v1::AssociationChange { advertisement, image } in messages {
            let outcome = outcomes.next();
            let result = match &outcome {
                Some(outcome) if outcome.error.is_none() => "done",
                Some(_) => "failed",
                None => "not_begun",
            };
            let v1::AssociationOutcome { provider_request_id, error, .. } = outcome.unwrap_or_default();
            let error = error.as_ref().map(Failure::from);
            report.add(Changed { advertisement, image, result, provider_request_id, error })?;
        }
    }
    Ok(())
}

impl Change {
    fn message(&self) -> v1::AssociationChange {
        let image = self.image.as_ref().map(Image::name).unwrap_or_default();
        v1::AssociationChange { advertisement: self.advertisement.clone(), image }
    }
}

impl From<v1::Association> for Shown {
    fn from(association: v1::Association) -> Self {
        let moderation = match association.moderation() {
            Moderation::Unspecified => "",
            Moderation::Unchecked => "unchecked",
            Moderation::Pending => "pending",
            Moderation::Accepted => "accepted",
            Moderation::Rejected => "rejected",
            Moderation::Other => &association.moderation_state,
        };
        let moderation = moderation.to_owned();
        let v1::Association { image, advertisement, campaign, rejections, .. } = association;
        Self { image, advertisement, campaign, moderation, rejections }
    }
}

impl Row for Shown {
    const HEAD: &'static [&'static str] = &["image", "shown by", "campaign", "moderation", "why"];

    fn cells(&self) -> Vec<String> {
        let Self { image, advertisement, campaign, moderation, rejections } = self;
        vec![short(image), advertisement.clone(), campaign.clone(), moderation.clone(), rejections.join("\n")]
    }
}

impl Row for Changed {
    const HEAD: &'static [&'static str] = &["advertisement", "image", "result"];

    fn cells(&self) -> Vec<String> {
        let image = if self.image.is_empty() { "none".to_owned() } else { short(&self.image) };
        let result = self.error.as_ref().map_or(self.result, Failure::word);
        vec![self.advertisement.clone(), image, result.to_owned()]
    }

    fn state(&self) -> State<'_> {
        match (&self.error, self.result) {
            (Some(error), _) => State::Failed(error),
            (None, "not_begun") => State::Left,
            (None, _) => State::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_an_advertisement_and_an_image_or_none() {
        let change: Change = "17=direct/self/a=b".parse().unwrap();
        assert_eq!(change.message().image, "libraries/direct/albums/self/images/a%3Db");
        assert_eq!("18=".parse::<Change>().unwrap(), Change { advertisement: "18".to_owned(), image: None });
        for wrong in ["17", "=direct/self/a", "17=direct/self"] {
            assert!(wrong.parse::<Change>().is_err(), "{wrong}");
        }
    }
}
