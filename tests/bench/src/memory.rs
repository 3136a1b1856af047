//! Memory as the kernel counts it, from outside the process: servers under uploads, and programs that decode one answer.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use futures_util::future::try_join_all;
use polyptych_bench::{messages, work};
use polyptych_service::memory::{Measured, SETTINGS, measure, send};
use polyptych_service::picture::Picture;
use polyptych_service::server::{Place, Taken, resident};
use polyptych_wire_yandex::Encoding;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::row::{Bound, Of, Row, Spread};
use crate::uploads::SIDE;

const GROUP: &str = "memory";

/// Uploads at once, and those that are compared with.
const MANY: usize = 64;
const FEW: usize = 8;

/// Images of an answer.
const IMAGES: usize = 10_000;

/// Every encoding in which an image is sent.
const LIBRARIES: [&str; 6] =
    ["facebook", "facebook-multipart", "yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap"];

/// The rows.
pub(crate) async fn run(program: &Path, rounds: usize) -> Result<Vec<Row>> {
    let place = Place::new(program.to_owned())?;
    let picture = Picture::new(SIDE)?;
    let mut rows = parallel(&place, &picture, rounds).await?;
    rows.extend(encodings(&place, &picture, rounds).await?);
    rows.extend(stalled(&place, &picture).await?);
    for (name, encoding) in [("JSON", Form::Json), ("SOAP", Form::Soap)] {
        let (taken, bytes) = decoded(encoding).await?;
        let row =
            Row::new(GROUP, format!("decode of 10,000 images, {name}: memory taken"), Spread::exact(taken), "MiB");
        let beside = row.beside("its bytes", Spread::exact(bytes), taken / bytes);
        rows.push(beside.goal(Of::Ratio, Bound::AtMost(4.0)));
    }
    Ok(rows)
}

/// Many uploads at once beside a few, each time of a server that has done nothing else.
async fn parallel(place: &Place, picture: &Picture, rounds: usize) -> Result<Vec<Row>> {
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        few.push(measure(place, picture, "facebook", FEW, MANY).await?);
        many.push(measure(place, picture, "facebook", MANY, MANY).await?);
    }
    let of = |measured: &[Measured], pick: fn(&Measured) -> f64| {
        Spread::of(&measured.iter().map(pick).collect::<Vec<_>>()).context("no round")
    };
    let row = |figure: &str, pick: fn(&Measured) -> f64, unit| -> Result<Row> {
        let ratios: Vec<f64> = many.iter().zip(&few).map(|(many, few)| pick(many) / pick(few)).collect();
        let row = Row::new(GROUP, format!("64 parallel uploads of 10 MB: {figure}"), of(&many, pick)?, unit);
        Ok(row.beside("8 parallel", of(&few, pick)?, Spread::of(&ratios).context("no round")?.median))
    };
    Ok(vec![
        row("peak RSS", |measured| measured.peak, "MiB")?.goal(Of::This, Bound::AtMost(160.0)),
        row("throughput", |measured| measured.rate, "MB/s")?.goal(Of::Ratio, Bound::AtLeast(0.5)),
    ])
}

/// One upload each, whatever the encoding: how far the farthest lies from the middle one.
async fn encodings(place: &Place, picture: &Picture, rounds: usize) -> Result<Vec<Row>> {
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for library in LIBRARIES {
        let mut taken = Vec::new();
        for _ in 0..rounds {
            let Measured { idle, peak, .. } = measure(place, picture, library, 1, 1).await?;
            taken.push(peak - idle);
        }
        let taken = Spread::of(&taken).context("no round")?;
        all.push(taken.median);
        rows.push(Row::new(GROUP, format!("one upload of 10 MB, {library}: RSS above idle"), taken, "MiB"));
    }
    let middle = Spread::of(&all).context("no encoding")?.median;
    let farthest = all.iter().map(|taken| (taken / middle - 1.0).abs() * 100.0).fold(0.0, f64::max);
    let figure = "one upload of 10 MB: the farthest encoding from the middle one";
    rows.push(Row::new(GROUP, figure, Spread::exact(farthest), "%").goal(Of::This, Bound::AtMost(10.0)));
    Ok(rows)
}

/// Uploads to a provider that takes connections and reads nothing: what they hold, whether it grows, and whether one ends.
async fn stalled(place: &Place, picture: &Picture) -> Result<Vec<Row>> {
    let deaf = TcpListener::bind("127.0.0.1:0").await?;
    let address = deaf.local_addr()?.to_string();
    // Connections are kept and never read, until this function has ended.
    let listening = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = deaf.accept().await {
            held.push(socket);
        }
    });
    let server = place.serve_with("stalled", &address, SETTINGS).await?;
    let lanes = (0..MANY).map(|number| send(&server, picture, "facebook", number..number + 1, 1));
    let uploads = try_join_all(lanes);
    tokio::pin!(uploads);
    let mut seen = Vec::new();
    // The first while is for what is spooled; what comes later would be growth.
    for wait in [5, 3] {
        tokio::select! {
            ended = &mut uploads => { ensure!(false, "an upload ended at a provider that reads nothing: {ended:?}"); }
            () = tokio::time::sleep(Duration::from_secs(wait)) => seen.push(Taken::by(&server)?.peak),
        }
    }
    listening.abort();
    let &[early, late] = seen.as_slice() else { anyhow::bail!("the uploads have ended") };
    let stalled = "64 uploads of 10 MB, provider reads nothing";
    Ok(vec![
        Row::new(GROUP, format!("{stalled}: peak RSS"), Spread::exact(late), "MiB")
            .goal(Of::This, Bound::AtMost(160.0)),
        Row::new(GROUP, format!("{stalled}: growth of the peak in 3 s"), Spread::exact(late - early), "MiB")
            .goal(Of::This, Bound::AtMost(1.0)),
    ])
}

/// An answer's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Json,
    Soap,
}

/// What the program does in this role: it reads an answer, says so, decodes it once it is told to, says so, and ends with its
/// input.
pub(crate) fn decode(form: Form, file: &Path) -> Result<()> {
    // Making it here would leave memory behind that decoding could take.
    let document = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let encoding = match form {
        Form::Json => Encoding::Json,
        Form::Soap => Encoding::Soap,
    };
    let mut line = String::new();
    println!("{}", document.len());
    std::io::stdin().read_line(&mut line)?;
    let answer = work::decode_get(encoding, &document)?;
    println!("{}", answer.ad_images.len());
    std::io::stdin().read_line(&mut line)?;
    Ok(())
}

/// The peak that decoding adds to what was resident before, and the bytes of the answer, in MiB.
async fn decoded(form: Form) -> Result<(f64, f64)> {
    let value = form.to_possible_value().context("an encoding without a name")?;
    let document = match form {
        Form::Json => messages::v5_get_json(IMAGES),
        Form::Soap => messages::v5_get_soap(IMAGES),
    };
    let file = tempfile::NamedTempFile::new().context("cannot make a file")?;
    std::fs::write(&file, document).context("cannot keep the answer")?;
    let mut child = Command::new(std::env::current_exe().context("where am I?")?)
        .args(["decode", value.get_name()])
        .arg(file.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start a program that decodes")?;
    let id = child.id().context("it has ended")?;
    let mut asked = child.stdin.take().context("no input")?;
    let mut told = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut line = async || -> Result<f64> { Ok(told.next_line().await?.context("it has ended")?.parse()?) };
    let bytes = line().await?;
    let before = resident(id, "VmRSS:")?;
    asked.write_all(b"\n").await?;
    ensure!(line().await? == IMAGES as f64, "images are lost");
    let peak = resident(id, "VmHWM:")?;
    drop(asked);
    child.wait().await?;
    Ok((peak - before, bytes / f64::from(1 << 20)))
}
