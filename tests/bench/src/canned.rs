//! A server of HTTP/1.1 that gives every request the same answer, so that a call costs what its client costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use anyhow::{Context, Result};
use polyptych_bench::messages;

/// Serves an answer to `AdImages.get` of this many images, in SOAP, on a free port of loopback until the process is ended.
pub(crate) fn run(images: usize) -> Result<()> {
    let body = messages::v5_get_soap(images);
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml; charset=utf-8\r\ncontent-length: {length}\r\n\r\n");
    let answer = head + &body;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("listening on http://{}", listener.local_addr()?);
    std::thread::scope(|scope| {
        for socket in listener.incoming() {
            let answer = answer.as_bytes();
            // A client that goes away in the middle is none of ours.
            scope.spawn(move || socket.map(|socket| attend(&socket, answer)));
        }
    });
    Ok(())
}

/// Answers the requests of a connection until it ends.
fn attend(socket: &TcpStream, answer: &[u8]) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::new(socket);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().context("a length that is no number")?;
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        { socket }.write_all(answer)?;
    }
}
