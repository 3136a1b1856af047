//! Answers that are made to exhaust a client: each is read by a process of its own, whose peak of memory the kernel
//! tells. The server makes them piece by piece, so that it never holds one either.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use polyptych_domain::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::clock::Leaping;
use crate::form::{FORMS, Form};
use crate::process::Footprint;
use crate::world::{Patience, connect, first_page};

/// What the memory of a client may grow by, in KiB.
pub const MOST_GROWTH: u64 = 32 * 1024;

/// The length of a piece.
const PIECE: usize = 64 * 1024;

const GIB: usize = 1 << 30;

/// One answer.
pub struct Hostile {
    /// What it is.
    pub name: &'static str,
    /// The form of the library that gets it.
    form: &'static str,
    /// Whether its length is announced.
    announced: bool,
    gzip: bool,
    /// What it begins with, what is repeated and how often, and what it ends with.
    start: &'static str,
    piece: &'static str,
    times: usize,
    end: &'static str,
}

const V5_JSON: &str = "v5 json";
const V5_SOAP: &str = "v5 soap";
const ENVELOPE: &str =
    "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body><a>";

/// An answer that makes use of the entity `l`.
const MARKED_UP: &str = "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>\
    <ns3:GetResponse xmlns:ns3=\"http://api.direct.yandex.com/v5/adimages\"><AdImages><Name>&l;</Name></AdImages>\
    </ns3:GetResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>";

const fn json(name: &'static str, piece: &'static str, times: usize) -> Hostile {
    let start = "{\"result\":{\"AdImages\":";
    Hostile { name, form: V5_JSON, announced: false, gzip: false, start, piece, times, end: "" }
}

const fn soap(name: &'static str, start: &'static str, piece: &'static str, times: usize) -> Hostile {
    Hostile { name, form: V5_SOAP, announced: false, gzip: false, start, piece, times, end: "" }
}

/// All answers.
pub const HOSTILE: [Hostile; 10] = [
    Hostile { announced: true, ..json("1 GiB of JSON, announced", " ", GIB) },
    json("1 GiB of JSON, chunked", " ", GIB),
    soap("1 GiB of XML, chunked", ENVELOPE, " ", GIB),
    json("JSON, 2,000,000 deep", "[", 2_000_000),
    soap("XML, 300,000 deep", ENVELOPE, "<a>", 300_000),
    soap("XML, 4,000,000 attributes", "<a", " b=\"\"", 4_000_000),
    Hostile { end: MARKED_UP, ..soap("XML with a DTD", "<!DOCTYPE a [<!ENTITY l \"l\">]>", "", 0) },
    Hostile {
        end: MARKED_UP,
        ..soap(
            "XML, a billion entities",
            "<!DOCTYPE a [<!ENTITY e \"eeeeeeeeee\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">\
             <!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;\">\
             <!ENTITY i \"&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;\"><!ENTITY j \"&i;&i;&i;&i;&i;&i;&i;&i;&i;&i;\">\
             <!ENTITY k \"&j;&j;&j;&j;&j;&j;&j;&j;&j;&j;\"><!ENTITY l \"&k;&k;&k;&k;&k;&k;&k;&k;&k;&k;\">]>",
            "",
            0,
        )
    },
    Hostile { gzip: true, ..json("gzip, 1 GiB of spaces in 1 MiB", " ", GIB) },
    Hostile { gzip: true, ..soap("gzip, 1 GiB of XML in 1 MiB", ENVELOPE, " ", GIB) },
];

/// What a client made of an answer.
#[derive(Debug, Clone)]
pub struct Met {
    /// Which answer.
    pub name: &'static str,
    /// The kind of error, in the words of `Debug`; `done` if the answer was taken.
    pub outcome: String,
    /// How much its memory grew, in KiB.
    pub growth: u64,
}

impl Met {
    /// What is wrong, if anything.
    pub fn problem(&self) -> Option<String> {
        let refused = self.outcome == format!("{:?}", ErrorKind::AnswerUnreadable);
        match (refused, self.growth <= MOST_GROWTH) {
            (false, _) => Some(format!("{}: {}", self.name, self.outcome)),
            (_, false) => Some(format!("{}: memory grew by {} KiB", self.name, self.growth)),
            _ => None,
        }
    }
}

/// Lets a process of `program` meet each answer in turn.
///
/// # Errors
/// If a process cannot be run.
pub async fn run(program: &Path) -> anyhow::Result<Vec<Met>> {
    let mut met = Vec::new();
    for hostile in &HOSTILE {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, hostile));
        let output = Command::new(program)
            .args(["meet", hostile.form, &address.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("the client cannot be run")?;
        server.abort();
        let text = String::from_utf8_lossy(&output.stdout);
        let mut words = text.split_whitespace();
        let (outcome, growth) = (words.next().unwrap_or("died"), words.next().and_then(|text| text.parse().ok()));
        let outcome = if output.status.success() { outcome.to_owned() } else { format!("died: {}", output.status) };
        met.push(Met { name: hostile.name, outcome, growth: growth.unwrap_or(u64::MAX) });
    }
    Ok(met)
}

/// What the process of a client does: one call; then it says what became of it, and how much its memory grew.
///
/// # Errors
/// If there is no such form.
pub async fn meet(form: &str, address: SocketAddr) -> anyhow::Result<String> {
    let form: &Form = FORMS.iter().find(|known| known.name == form).context("no such form")?;
    let library = connect(form, address, Patience::LONG, &Leaping::default(), 1);
    let before = Footprint::now();
    let outcome = match library.list(&form.album(1), &first_page()).await {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    Ok(format!("{outcome} {}", Footprint::now().peak.saturating_sub(before.resident)))
}

/// Gives the answer to whoever asks, as often as asked.
async fn serve(listener: TcpListener, hostile: &'static Hostile) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 64 * 1024];
        if stream.read(&mut request).await.is_ok() {
            // The client ends it when it has had enough. What has not been read of its request would turn the end of the
            // answer into a reset.
            let given = give(&mut stream, hostile).await.is_ok() && stream.shutdown().await.is_ok();
            while given && stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
        }
    }
}

async fn give(stream: &mut TcpStream, hostile: &Hostile) -> std::io::Result<()> {
    let Hostile { start, piece, times, end, .. } = *hostile;
    let kind = if hostile.form == V5_SOAP { "text/xml" } else { "application/json" };
    let coding = if hostile.gzip { "Content-Encoding: gzip\r\n" } else { "" };
    let frame = match hostile.announced {
        true => format!("Content-Length: {}", start.len() + piece.len() * times + end.len()),
        false => "Transfer-Encoding: chunked".to_owned(),
    };
    // It says that it closes, so that no further try is sent on a connection that is about to end.
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {kind}\r\n{coding}{frame}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let per_piece = (PIECE / piece.len().max(1)).max(1);
    let repeated = piece.repeat(per_piece);
    let whole = times / per_piece;
    let rest = piece.repeat(times % per_piece);
    let pieces =
        std::iter::once(start).chain(std::iter::repeat_n(repeated.as_str(), whole)).chain([rest.as_str(), end]);
    for text in pieces {
        if hostile.gzip {
            encoder.write_all(text.as_bytes())?;
            let ready = std::mem::take(encoder.get_mut());
            send(stream, hostile, &ready).await?;
        } else {
            send(stream, hostile, text.as_bytes()).await?;
        }
    }
    if hostile.gzip {
        send(stream, hostile, &encoder.finish()?).await?;
    }
    if hostile.announced { Ok(()) } else { stream.write_all(b"0\r\n\r\n").await }
}

async fn send(stream: &mut TcpStream, hostile: &Hostile, bytes: &[u8]) -> std::io::Result<()> {
    match (bytes.is_empty(), hostile.announced) {
        (true, _) => Ok(()),
        (false, true) => stream.write_all(bytes).await,
        (false, false) => {
            let head = format!("{:x}\r\n", bytes.len());
            stream.write_all(&[head.as_bytes(), bytes, b"\r\n"].concat()).await
        }
    }
}
