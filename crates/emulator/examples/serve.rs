//! Serves the emulator alone: `cargo run -p polyptych-emulator --example serve -- 127.0.0.1:8080 '{"deduplicate":false}'`.
//! Port 0 takes a free one; the address is printed once requests are answered. What begins with `{` is the setup to begin
//! with, as of `POST /_emulator/setup`.

use std::net::SocketAddr;
use std::sync::Arc;

use polyptych_emulator::{Emulator, Settings, Setup, SystemClock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings { clock: Arc::new(SystemClock), ..Settings::default() };
    let mut setup = Setup::default();
    let mut address: SocketAddr = ([127, 0, 0, 1], 0).into();
    for argument in std::env::args().skip(1) {
        if argument.starts_with('{') {
            setup = Setup::from_json(argument.as_bytes())?;
        } else {
            address = argument.parse()?;
        }
    }
    let bound = Emulator::with_setup(settings, setup)?.listen(address).await?;
    println!("listening on http://{}", bound.local_addr());
    bound.serve_until(std::future::pending()).await?;
    Ok(())
}
