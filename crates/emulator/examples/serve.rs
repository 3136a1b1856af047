//! Serves the emulator alone: `cargo run -p polyptych-emulator --example serve -- 127.0.0.1:8080`. Port 0 takes a free
//! one; the address is printed once requests are answered.

use std::net::SocketAddr;
use std::sync::Arc;

use polyptych_emulator::{Emulator, Settings, SoapStyle, SystemClock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = Settings { clock: Arc::new(SystemClock), ..Settings::default() };
    let mut address: SocketAddr = ([127, 0, 0, 1], 0).into();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--wsdl-style" => settings.yandex.live4_soap_style = SoapStyle::Wsdl,
            text => address = text.parse()?,
        }
    }
    let bound = Emulator::bind(address, settings).await?;
    println!("listening on http://{}", bound.local_addr());
    bound.serve_until(std::future::pending()).await?;
    Ok(())
}
