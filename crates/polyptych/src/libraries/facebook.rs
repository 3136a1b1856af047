//! The libraries of Facebook Ads: which version of the Graph API, and by which application's secret calls are proved.

use std::sync::Arc;

use polyptych_providers::facebook::{ADDRESS, AppSecretProof};
use polyptych_providers::{Facebook, Form};
use polyptych_transport::{Auth, SecretString};

use super::{Problem, Wanted, connection, unknown_version};
use crate::config::{Encoding, LibraryConfig, TokenConfig};
use crate::domain::ImageLibrary;

pub(super) fn open(wanted: &Wanted<'_>) -> Result<Arc<dyn ImageLibrary>, Problem> {
    let config = wanted.config;
    let mut settings = wanted.settings(ADDRESS, Auth::Bearer)?;
    settings.connection = match (app_secret(config)?, config.app_secret_time) {
        (Some(secret), Some(true)) => {
            settings.connection.with_signing(Arc::new(AppSecretProof::new(secret).with_time()))
        }
        (Some(secret), _) => settings.connection.with_signing(Arc::new(AppSecretProof::new(secret))),
        (None, Some(true)) => return Err(Problem::NoAppSecret),
        (None, _) => settings.connection,
    };
    let form = if wanted.encoding == Encoding::Multipart { Form::Multipart } else { Form::Bytes };
    let version = config.version.clone();
    if let Some(given) = version.as_deref().filter(|version| !is_graph_version(version)) {
        return Err(unknown_version(given, "it has the form v26.0"));
    }
    Ok(Arc::new(Facebook::new(settings, form, version)?))
}

/// `v` and two numbers; it becomes part of each request's path.
fn is_graph_version(version: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    version.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(a, b)| number(a) && number(b))
}

/// Read once: an application's secret is changed far more rarely than a token, and never without a restart.
fn app_secret(config: &LibraryConfig) -> Result<Option<SecretString>, Problem> {
    let text = match &config.app_secret {
        None => return Ok(None),
        Some(TokenConfig::Env(name)) => std::env::var(name).map_err(|_| Problem::AppSecret)?,
        Some(TokenConfig::File(path)) => {
            String::from_utf8(connection::file("app_secret", path)?).map_err(|_| Problem::AppSecret)?
        }
        Some(TokenConfig::Fixed(secret)) => secret.clone(),
    };
    let secret = text.trim();
    if secret.is_empty() || secret.chars().any(char::is_control) {
        return Err(Problem::AppSecret);
    }
    Ok(Some(SecretString::from(secret)))
}
