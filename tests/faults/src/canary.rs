//! Whether a credential gets out: a process runs into every fault with every level of every log on, and all that it
//! wrote is searched for the credential, for the secret and the proofs of an application, for the key of a client certificate,
//! and for the picture that it sent.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tracing_subscriber::filter::LevelFilter;

use crate::expect::Operation;
use crate::form::APP_SECRET;
use crate::identity::{self, Identity};
use crate::matrix::{self, Cell};
use crate::world::{CANARY, Strike};

/// What was found in what a process wrote.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Cases that it ran.
    pub cases: usize,
    /// Lines that it wrote.
    pub lines: usize,
    /// Lines of ours, and of the libraries that we use.
    pub sources: (usize, usize),
    /// Lines with a secret, or with a part of the picture.
    pub hits: Vec<String>,
    /// What the process itself had to complain about.
    pub problems: Vec<String>,
}

impl Found {
    /// What is wrong: hits, a log that is not there, and what the process complained about.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = self.problems.clone();
        complaints.extend(self.hits.iter().map(|line| format!("written: {line}")));
        if self.cases == 0 || self.sources.0 == 0 || self.sources.1 == 0 {
            complaints.push("the process wrote no log to search".to_owned());
        }
        complaints
    }
}

/// The proof that Facebook's calls carry: `printf CREDENTIAL | openssl dgst -sha256 -hmac APP_SECRET`.
const PROOF: &str = "4b9bb2e292e4e39a64dfd04ffe76b03e30ce8ec50eabe2b66d79cc282fc72479";

/// Traces of the credential, of the application's secret, and of the proof that is made of both.
fn traces() -> Vec<String> {
    [CANARY, APP_SECRET, PROOF].into_iter().flat_map(traces_of).collect()
}

/// Traces of a secret: as it is, in base64 at each of the three offsets, and percent-encoded.
fn traces_of(secret: &str) -> Vec<String> {
    let mut traces = vec![secret.to_owned(), secret.replace('-', "%2D"), secret.replace('-', "%2d")];
    // The middle of the encoded text does not depend on what stands before and behind.
    let encoded = ["", "a", "ab"].map(|before| base64(format!("{before}{secret}").as_bytes()));
    traces.extend(encoded.map(|text| text.get(4..text.len() - 4).unwrap_or_default().to_owned()));
    traces
}

/// Base64 (RFC 4648) without padding; of its own, since it judges what others encode.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for sextet in 0..=three.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * sextet) & 63) as usize]));
        }
    }
    text
}

/// Lets a process of `program` run into the faults, and searches what it wrote.
///
/// # Errors
/// If the process cannot be run.
pub async fn run(program: &Path) -> anyhow::Result<Found> {
    let mut command = Command::new(program);
    let identity = Identity::new()?;
    command.arg("sing").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("the process cannot be run")?;
    // Dropped at the end of the statement, which ends what the process reads.
    child.stdin.take().context("no way to the process")?.write_all(identity.pem().as_bytes()).await?;
    let output = child.wait_with_output().await.context("the process cannot be run")?;
    let mut found = Found::default();
    if !output.status.success() {
        found.problems.push(format!("the process ended with {}", output.status));
    }
    let traces: Vec<_> = traces().into_iter().chain(identity.traces()).collect();
    for bytes in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(bytes).lines() {
            found.lines += 1;
            found.sources.0 += usize::from(line.contains(" polyptych_"));
            found.sources.1 +=
                usize::from([" hyper", " reqwest", " hyper_util"].iter().any(|name| line.contains(name)));
            if traces.iter().any(|trace| line.contains(trace)) || line.contains(MARK) {
                found.hits.push(line.chars().take(200).collect());
            }
            if let Some(problem) = line.strip_prefix("problem: ") {
                found.problems.push(problem.to_owned());
            }
            if let Some(cases) = line.strip_prefix("cases: ") {
                found.cases = cases.parse().unwrap_or_default();
            }
        }
    }
    Ok(found)
}

/// The beginning of every PNG in base64.
const MARK: &str = "iVBORw0KGgo";

/// What the process does: every form and fault for uploads, lists and deletes, then what can become of a client certificate,
/// which it reads from `pem`, with everything logged to standard error, and with what every error says printed.
///
/// # Errors
/// If there is no certificate to be read, or a port cannot be had.
///
/// # Panics
/// If logging cannot be set up.
pub async fn sing(pem: &str) -> anyhow::Result<()> {
    let identity = Identity::from_pem(pem)?;
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let wanted = [Operation::Upload, Operation::List, Operation::Delete];
    let cells = matrix::cells(Strike::Always, true).into_iter().chain(matrix::cells(Strike::Once, true));
    let cells: Vec<Cell> = cells.filter(|cell| wanted.contains(&cell.operation) && !cell.is_slow()).collect();
    println!("cases: {}", cells.len() + identity::CASES.len());
    for verdict in matrix::run(cells).await {
        println!("{}: {:?}", verdict.cell, verdict.outcome);
        println!("{}", verdict.said);
        for problem in verdict.complaints() {
            println!("problem: {problem}");
        }
    }
    for case in identity::CASES {
        let (said, expected) = (case.run(&identity).await?, case.expected());
        println!("client certificate, {case:?}: {said}");
        if !said.contains(expected) {
            println!("problem: client certificate, {case:?}: not {expected}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_as_text_and_as_bytes() {
        let identity = Identity::new().expect("a certificate");
        let key = identity.key_bytes();
        let traces = identity.traces();
        for text in [
            identity.pem(),
            format!("{key:?}"),
            key.iter().map(|byte| format!("{byte:02x}")).collect(),
            format!("x{}", base64(&[b"x", key].concat())),
        ] {
            assert!(traces.iter().any(|trace| text.contains(trace)), "{text}");
        }
        let other = Identity::new().expect("a certificate").pem();
        assert!(!traces.iter().any(|trace| other.contains(trace)));
    }

    #[test]
    fn a_credential_is_found_in_whatever_surrounds_its_base64() {
        assert_eq!((base64(b"foobar"), base64(b"fo"), base64(b"f")), ("Zm9vYmFy".into(), "Zm8".into(), "Zg".into()));
        for before in ["", "1", "12", "123", "Bearer "] {
            let text = base64(format!("{before}{CANARY}, and more").as_bytes());
            assert!(traces().iter().any(|trace| text.contains(trace)), "{before}");
        }
    }
}
