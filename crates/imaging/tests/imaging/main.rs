//! What the crate promises, checked against encoders and decoders that are not ours.

mod fit;
mod hostile;
mod inspect;
mod reference;
mod samples;
mod verify;
