//! What the crate promises, checked against encoders and decoders that are not ours.

mod fit;
mod golden;
mod hostile;
mod independent;
mod inspect;
mod reference;
mod samples;
mod verify;
