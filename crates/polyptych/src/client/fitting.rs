//! The options that say what may be done to a picture, and how far an upload may rely on what is known.

use clap::{Args, ValueEnum};
use polyptych::proto::v1;
use v1::fit::{Animation, AsIs, Contain, Cover, Exact, Mode};

/// What may be done to a picture.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Fit")]
pub(crate) struct Fitting {
    /// How a picture is brought to an accepted size and format
    #[arg(long, value_enum)]
    fit: Option<How>,
    /// Colour of the padding, and behind transparency; with --fit contain [default: ffffff]
    #[arg(long, value_name = "RRGGBB", value_parser = colour, requires = "fit")]
    background: Option<u32>,
    /// Point that stays in sight, each from 0 to 1; with --fit cover [default: 0.5,0.5]
    #[arg(long, value_name = "X,Y", value_parser = point, requires = "fit")]
    focus: Option<(f32, f32)>,
    /// Take the first frame of an animation; else it is refused where it would have to be changed
    #[arg(long, requires = "fit")]
    first_frame: bool,
}

/// How a picture is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// Change nothing
    None,
    /// Scale and pad: nothing is cut off
    Contain,
    /// Scale and cut: nothing is padded
    Cover,
    /// Keep the pixels; change only format or compression
    Exact,
}

impl Fitting {
    /// Whether a fit was asked for.
    pub(crate) fn asked(&self) -> bool {
        self.fit.is_some_and(|how| how != How::None)
    }

    /// As the API takes it; absent where the default of the method is meant.
    pub(crate) fn message(&self) -> Option<v1::Fit> {
        let (focus_x, focus_y) = self.focus.unzip();
        let mode = match self.fit? {
            How::None => Mode::AsIs(AsIs {}),
            How::Contain => Mode::Contain(Contain { background: self.background }),
            How::Cover => Mode::Cover(Cover { focus_x, focus_y }),
            How::Exact => Mode::Exact(Exact {}),
        };
        let animation = if self.first_frame { Animation::FirstFrame } else { Animation::Unspecified };
        Some(v1::Fit { mode: Some(mode), animation: animation.into() })
    }
}

fn colour(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let hexadecimal = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let colour = if hexadecimal { u32::from_str_radix(digits, 16).ok() } else { None };
    colour.ok_or_else(|| "six hexadecimal digits, like ff8000".to_owned())
}

fn point(text: &str) -> Result<(f32, f32), String> {
    let one = |text: &str| text.trim().parse().ok().filter(|part| (0.0..=1.0).contains(part));
    let point = text.split_once(',').and_then(|(x, y)| Some((one(x)?, one(y)?)));
    point.ok_or_else(|| "two numbers from 0 to 1, like 0.5,0.25".to_owned())
}

/// How pictures are put into albums.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Placing")]
pub(crate) struct Placing {
    /// Delete an image that stands in the way first (Evotor keeps one per product)
    #[arg(long)]
    pub(crate) replace: bool,
    /// How far to rely on what is known of an album
    #[arg(long, value_enum, default_value = "reuse")]
    policy: Policy,
}

/// How far an upload relies on what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// Do not send what is known to be there
    Reuse,
    /// Ask the provider first whether what is known is still there
    Verify,
    /// Send, whatever is known
    Force,
}

impl Placing {
    /// As the API takes it.
    pub(crate) fn policy(&self) -> i32 {
        match self.policy {
            Policy::Reuse => v1::UploadPolicy::Reuse,
            Policy::Verify => v1::UploadPolicy::Verify,
            Policy::Force => v1::UploadPolicy::Force,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_points_are_read_or_refused() {
        assert_eq!((colour("ff8000"), colour("#000001")), (Ok(0xff_8000), Ok(1)));
        assert_eq!(point("0.5, 1"), Ok((0.5, 1.0)));
        for wrong in ["", "fff", "gg0000", "+f8000"] {
            assert!(colour(wrong).is_err(), "{wrong}");
        }
        for wrong in ["1", "2,0", "a,b", "NaN,0"] {
            assert!(point(wrong).is_err(), "{wrong}");
        }
    }
}
