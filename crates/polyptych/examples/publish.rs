//! One picture into all libraries at once, fitted to what each accepts. What goes wrong in one leaves the others alone.
//!
//! ```sh
//! cargo run -p polyptych --example publish --no-default-features --features yandex,facebook,evotor
//! ```

use std::error::Error;

use polyptych::domain::{Budget, PublishCommand};
use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;

const PICTURE: &[u8] = include_bytes!("../pictures/mark.png");

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::open(&emulated::config(&emulator.base_url()))?;

    let libraries = client.libraries().map(|library| library.id().clone());
    let report = client
        .publish(PublishCommand {
            budget: Budget { points: Some(200), ..Budget::default() },
            ..PublishCommand::new("mark.png", PICTURE.to_vec(), libraries)
        })
        .await;

    let mut published = 0;
    for outcome in report.outcomes {
        match outcome {
            Ok(receipt) => {
                println!("{} as {} {}", receipt.name(), receipt.sent.format, receipt.sent.pixels);
                published += 1;
            }
            Err(error) => println!("{error}; changed all the same: {}", error.applied().as_str()),
        }
    }
    for (library, cost) in report.costs {
        println!("{library}: {} calls, {} points", cost.calls, cost.points);
    }
    assert_eq!(published, client.libraries().count());
    Ok(())
}
