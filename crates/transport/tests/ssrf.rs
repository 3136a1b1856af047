//! Addresses by which a caller would like to reach what only this machine may reach, each tried directly and behind a redirect.
//! A listener stands where they lead and counts connections; the last line tells how many cases there were and how many
//! connections. A program of its own, so that the line is the last one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polyptych_transport::{Fetch, FetchConfig, FetchErrorKind, Resolver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Texts in refusals.
const PRIVATE: &str = "of this machine or of a private network";
const NEVER: &str = "that no picture is fetched from";
const FORM: &str = "";

/// `{p}` is the port of the listener; then what the refusal says.
const CASES: &[(&str, &str)] = &[
    // This machine by its address, in every spelling that some parser takes.
    ("http://127.0.0.1:{p}/", PRIVATE),
    ("http://127.0.0.1.:{p}/", PRIVATE),
    ("http://127.1.2.3:{p}/", PRIVATE),
    ("http://127.255.255.254:{p}/", PRIVATE),
    ("http://127.1:{p}/", PRIVATE),
    ("http://127.0.1:{p}/", PRIVATE),
    ("http://2130706433:{p}/", PRIVATE),
    ("http://017700000001:{p}/", PRIVATE),
    ("http://0177.0.0.1:{p}/", PRIVATE),
    ("http://0177.0.0.01:{p}/", PRIVATE),
    ("http://00000177.0.0.1:{p}/", PRIVATE),
    ("http://0x7f000001:{p}/", PRIVATE),
    ("http://0x7f.0x0.0x0.0x1:{p}/", PRIVATE),
    ("http://0X7F.1:{p}/", PRIVATE),
    ("http://0x7f.0.0.1:{p}/", PRIVATE),
    ("http://%31%32%37.0.0.1:{p}/", PRIVATE),
    ("http://127%2e0%2e0%2e1:{p}/", PRIVATE),
    ("http://１２７.０.０.１:{p}/", PRIVATE),
    ("http://①②⑦.⓪.⓪.①:{p}/", PRIVATE),
    ("http://127。0。0。1:{p}/", PRIVATE),
    ("HTTP://127.0.0.1:{p}/", PRIVATE),
    ("http:127.0.0.1:{p}/", PRIVATE),
    ("http:/127.0.0.1:{p}/", PRIVATE),
    ("http:///127.0.0.1:{p}/", PRIVATE),
    ("http://127.0.0.1:{p}/?http://pictures.test/", PRIVATE),
    ("http://127.0.0.1:{p}#.pictures.test/", PRIVATE),
    ("https://127.0.0.1:{p}/", PRIVATE),
    ("http://[::1]:{p}/", PRIVATE),
    ("http://[0:0:0:0:0:0:0:1]:{p}/", PRIVATE),
    ("http://[0000::0001]:{p}/", PRIVATE),
    // "This network", which reaches this machine on many systems.
    ("http://0.0.0.0:{p}/", NEVER),
    ("http://0:{p}/", NEVER),
    ("http://0x0:{p}/", NEVER),
    ("http://0.1.2.3:{p}/", NEVER),
    ("http://[::]:{p}/", NEVER),
    // IPv4 inside of IPv6.
    ("http://[::ffff:127.0.0.1]:{p}/", NEVER),
    ("http://[::ffff:7f00:1]:{p}/", NEVER),
    ("http://[0:0:0:0:0:ffff:127.0.0.1]:{p}/", NEVER),
    ("http://[::127.0.0.1]:{p}/", NEVER),
    ("http://[::ffff:0:127.0.0.1]:{p}/", NEVER),
    ("http://[64:ff9b::127.0.0.1]:{p}/", NEVER),
    ("http://[64:ff9b:1::7f00:1]:{p}/", NEVER),
    ("http://[2002:7f00:1::]:{p}/", NEVER),
    ("http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:{p}/", NEVER),
    ("http://[2a00::5efe:7f00:1]:{p}/", NEVER),
    // Private networks.
    ("http://10.0.0.1:{p}/", PRIVATE),
    ("http://172.16.0.1:{p}/", PRIVATE),
    ("http://172.31.255.254:{p}/", PRIVATE),
    ("http://192.168.1.1:{p}/", PRIVATE),
    ("http://0xc0a80101:{p}/", PRIVATE),
    ("http://100.64.0.1:{p}/", PRIVATE),
    ("http://[fc00::1]:{p}/", PRIVATE),
    ("http://[fdff:ffff::1]:{p}/", PRIVATE),
    // The link and what clouds keep there and elsewhere.
    ("http://169.254.1.1:{p}/", NEVER),
    ("http://169.254.169.254/latest/meta-data/", FORM),
    ("http://169.254.169.254:{p}/latest/meta-data/", NEVER),
    ("http://2852039166:{p}/", NEVER),
    ("http://0xa9fea9fe:{p}/", NEVER),
    ("http://0251.0376.0251.0376:{p}/", NEVER),
    ("http://[::ffff:169.254.169.254]:{p}/", NEVER),
    ("http://100.100.100.200:{p}/", NEVER),
    ("http://192.0.0.192:{p}/", NEVER),
    ("http://168.63.129.16:{p}/", NEVER),
    ("http://[fd00:ec2::254]:{p}/", NEVER),
    ("http://[fd20:ce::254]:{p}/", NEVER),
    ("http://[fe80::1]:{p}/", NEVER),
    ("http://[fe80::1%25lo]:{p}/", FORM),
    ("http://[fe80::1%lo]:{p}/", FORM),
    ("http://[::1%25lo]:{p}/", FORM),
    ("http://metadata.test:{p}/computeMetadata/v1/", NEVER),
    // Groups, documents, tests, what is reserved.
    ("http://224.0.0.1:{p}/", NEVER),
    ("http://239.255.255.250:{p}/", NEVER),
    ("http://[ff02::1]:{p}/", NEVER),
    ("http://255.255.255.255:{p}/", NEVER),
    ("http://240.0.0.1:{p}/", NEVER),
    ("http://192.0.2.1:{p}/", NEVER),
    ("http://198.51.100.1:{p}/", NEVER),
    ("http://203.0.113.1:{p}/", NEVER),
    ("http://198.18.0.1:{p}/", NEVER),
    ("http://[2001:db8::1]:{p}/", NEVER),
    ("http://[3fff::1]:{p}/", NEVER),
    ("http://[fec0::1]:{p}/", NEVER),
    // Names that lead there.
    ("http://localhost:{p}/", PRIVATE),
    ("http://LocalHost:{p}/", PRIVATE),
    ("http://localhost.:{p}/", PRIVATE),
    ("http://loopback.test:{p}/", PRIVATE),
    ("http://loopback.test.:{p}/", PRIVATE),
    ("http://loopback6.test:{p}/", PRIVATE),
    ("http://mapped.test:{p}/", NEVER),
    ("http://unspecified.test:{p}/", NEVER),
    ("http://ula.test:{p}/", PRIVATE),
    ("http://good-and-bad.test:{p}/", PRIVATE),
    ("http://bad-and-good.test:{p}/", PRIVATE),
    ("http://good-and-mapped.test:{p}/", NEVER),
    ("http://бюро.test:{p}/", PRIVATE),
    ("http://xn--90a0af9c.test:{p}/", PRIVATE),
    ("http://ｌoopback.test:{p}/", PRIVATE),
    ("http://loop\u{ad}back.test:{p}/", PRIVATE),
    ("http://nowhere.test:{p}/", "no address"),
    // A host that is granted at another port, and what looks like it.
    ("http://front.test:{p}/", PRIVATE),
    ("http://127.0.0.1.front.test:{p}/", PRIVATE),
    ("http://front.test.loopback.test:{p}/", PRIVATE),
    // Answers that change.
    ("http://rebound-first.test:{p}/", PRIVATE),
    ("http://rebound-later.test:{p}/", "connect"),
    // Users, backslashes, white space.
    ("http://front.test@127.0.0.1:{p}/", "user"),
    ("http://front.test:80@127.0.0.1:{p}/", "user"),
    ("http://front.test%40127.0.0.1:{p}/", FORM),
    ("http://@127.0.0.1:{p}/", FORM),
    ("http://front.test\\@127.0.0.1:{p}/", "backslash"),
    ("http:\\\\127.0.0.1:{p}\\", "backslash"),
    ("http://127.0.0.1\\.front.test:{p}/", "backslash"),
    ("http://127.0.0.1\t:{p}/", FORM),
    ("http://127.0.0.1:{p}/\r\nHost: front.test", FORM),
    (" http://127.0.0.1:{p}/", FORM),
    ("ht\ntp://127.0.0.1:{p}/", FORM),
    // Other schemes and no address at all.
    ("file:///etc/hostname", "only http and https"),
    ("gopher://127.0.0.1:{p}/_x", "only http and https"),
    ("ftp://127.0.0.1:{p}/a.png", "only http and https"),
    ("ws://127.0.0.1:{p}/", "only http and https"),
    ("data:image/png;base64,iVBORw0KGgo=", "only http and https"),
    ("//127.0.0.1:{p}/", FORM),
    ("127.0.0.1:{p}", FORM),
    // Ports that are not called.
    ("http://127.0.0.1:22/", "port 22"),
    ("http://loopback.test:25/", "port 25"),
    ("http://[::1]:6379/", "port 6379"),
    ("http://127.0.0.1:0/", "port 0"),
    ("http://127.0.0.1:65536/", FORM),
    ("http://127.0.0.1:-1/", FORM),
];

/// A public address that nobody has, so that a connection to it fails at once or not at all.
const NOBODY: &str = "2000::1";

/// What the names lead to; an answer per question, the last one again and again.
const NAMES: &[(&str, &[&[&str]])] = &[
    ("localhost", &[&["127.0.0.1", "::1"]]),
    ("loopback.test", &[&["127.0.0.1"]]),
    ("loopback6.test", &[&["::1"]]),
    ("mapped.test", &[&["::ffff:127.0.0.1"]]),
    ("unspecified.test", &[&["0.0.0.0"]]),
    ("metadata.test", &[&["169.254.169.254"]]),
    ("ula.test", &[&["fc00::1"]]),
    ("good-and-bad.test", &[&[NOBODY, "127.0.0.1"]]),
    ("bad-and-good.test", &[&["127.0.0.1", NOBODY]]),
    ("good-and-mapped.test", &[&[NOBODY, "::ffff:127.0.0.1"]]),
    ("xn--90a0af9c.test", &[&["127.0.0.1"]]),
    ("nowhere.test", &[&[]]),
    ("front.test", &[&["127.0.0.1"]]),
    ("127.0.0.1.front.test", &[&["127.0.0.1"]]),
    ("front.test.loopback.test", &[&["127.0.0.1"]]),
    ("rebound-first.test", &[&["127.0.0.1"], &[NOBODY]]),
    ("rebound-later.test", &[&[NOBODY], &["127.0.0.1"]]),
];

/// Answers from the table and counts questions.
#[derive(Default)]
struct Names(Mutex<HashMap<String, usize>>);

impl Names {
    fn forget(&self) {
        self.0.lock().unwrap().clear();
    }

    fn most_asked(&self) -> usize {
        self.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let name = host.trim_end_matches('.');
        let number = {
            let mut asked = self.0.lock().unwrap();
            let times = asked.entry(name.to_owned()).or_default();
            *times += 1;
            *times - 1
        };
        let (_, answers) = NAMES.iter().find(|(known, _)| *known == name).ok_or(io::ErrorKind::NotFound)?;
        let answer = answers.get(number).or(answers.last()).unwrap();
        Ok(answer.iter().map(|address| address.parse().unwrap()).collect())
    }
}

/// What comes up to the blank line, or until the other side ends.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Counts connections and answers each with a picture, on both families where the machine has both.
async fn listen(count: &Arc<AtomicUsize>) -> u16 {
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = first.local_addr().unwrap().port();
    let second = TcpListener::bind(SocketAddr::new("::1".parse().unwrap(), port)).await.ok();
    for listener in [Some(first), second].into_iter().flatten() {
        let count = count.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                read_head(&mut stream).await;
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nbytes").await;
            }
        });
    }
    port
}

/// A host that may be called and redirects to the case of the number in the path.
async fn redirect(cases: Vec<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            let number = head.split(['/', ' ']).nth(2).and_then(|number| number.parse::<usize>().ok());
            let answer = match number.and_then(|number| cases.get(number)) {
                Some(location) => format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"),
                None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

fn fetch(names: &Arc<Names>, port: u16, private: &str) -> Fetch {
    Fetch::new(FetchConfig {
        private_hosts: vec![private.parse().unwrap()],
        ports: vec![port],
        connect: Duration::from_secs(2),
        resolver: names.clone(),
        ..FetchConfig::default()
    })
    .unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (count, names) = (Arc::new(AtomicUsize::new(0)), Arc::new(Names::default()));
    let port = listen(&count).await;
    let urls: Vec<String> = CASES.iter().map(|(url, _)| url.replace("{p}", &port.to_string())).collect();
    let front = redirect(urls.clone()).await;
    let guarded = fetch(&names, port, &format!("front.test:{front}"));

    let mut failed = Vec::new();
    let mut cases = 0;
    for (number, (url, (_, said))) in urls.iter().zip(CASES).enumerate() {
        let redirected = format!("http://front.test:{front}/{number}");
        for (url, direct) in [(url, true), (&redirected, false)] {
            cases += 1;
            names.forget();
            let outcome = guarded.fetch(url, 1000).await.map(drop);
            let expected = match &outcome {
                // A relative address, or one that no header carries, behind a redirect is not the case that it is in full.
                Err(error) if direct => {
                    let kind = if ["connect", "no address"].contains(said) {
                        FetchErrorKind::Unavailable
                    } else {
                        FetchErrorKind::Refused
                    };
                    error.kind() == kind && error.to_string().contains(said)
                }
                outcome => outcome.is_err(),
            };
            if !expected || names.most_asked() > 1 + usize::from(!direct) {
                failed.push(format!("{url:?} ({}): {outcome:?}", CASES[number].0));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    let connections = count.load(Ordering::SeqCst);

    // The listener does count: the same address, once it is meant.
    let open = fetch(&names, port, "127.0.0.1");
    open.fetch(&format!("http://127.0.0.1:{port}/"), 1000).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), connections + 1);
    assert_eq!(connections, 0);
    println!("ssrf: {cases} cases, {connections} connections");
}
