//! Values of every generated type, and what the schema says that they look like on the wire. The tables of types are
//! made from the schemas; nothing here asks the code under test how it writes or reads.

#![allow(dead_code, unused_imports, unused_macros, reason = "each of the crates that share it uses a part")]

pub(crate) mod checks;
mod draw;
pub(crate) mod json;
mod table;

use std::collections::BTreeMap;

use base64_simd::STANDARD;
use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::{Blob, CompactString};
use serde_json::Value;

pub(crate) use draw::{Draw, entropy};
pub(crate) use table::{open_enum, record};

/// A value taken apart, for writers and readers of our own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// Not there.
    Absent,
    /// A scalar: in JSON, and as text.
    Scalar(Value, String),
    /// Members in schema order, by their names on the wire.
    Record(Vec<(&'static str, Shown)>),
    /// A list.
    List {
        items: Vec<Shown>,
        /// Whether XML has an element around the items.
        wrapped: bool,
        /// Whether an empty list is written.
        kept: bool,
    },
    /// A map from text.
    Map(Vec<(String, Shown)>),
}

/// What holds the values of a member, and whether it is written when there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// One value, or none.
    One,
    /// A list: in XML an element for each item, nothing around them.
    Repeated,
    /// The same, which requests must have.
    RepeatedKept,
    /// A list: in XML an element around the items.
    Wrapped,
    /// The same, which requests must have.
    WrappedKept,
    /// A map.
    Map,
    /// The same, which requests must have.
    MapKept,
}

impl Holder {
    /// A member of a record.
    pub(crate) fn place(self, shown: Shown) -> Shown {
        match (self, shown) {
            (Self::One, shown @ (Shown::Absent | Shown::Scalar(..) | Shown::Record(_))) => shown,
            (Self::Repeated | Self::RepeatedKept, Shown::List { items, .. }) => {
                Shown::List { items, wrapped: false, kept: self == Self::RepeatedKept }
            }
            (Self::Wrapped | Self::WrappedKept, Shown::List { items, .. }) => {
                Shown::List { items, wrapped: true, kept: self == Self::WrappedKept }
            }
            (Self::Map, Shown::Map(entries)) if entries.is_empty() => Shown::Absent,
            (Self::Map | Self::MapKept, shown @ Shown::Map(_)) => shown,
            (holder, shown) => panic!("the schema says {holder:?}, the type holds {shown:?}"),
        }
    }
}

/// A type of which there are arbitrary values.
pub(crate) trait Sample: Sized {
    /// A value made of `draw`; the simplest there is if `draw` is used up.
    fn draw(draw: &mut Draw<'_>) -> Self;

    /// The value taken apart.
    fn shown(&self) -> Shown;
}

impl Sample for String {
    fn draw(draw: &mut Draw<'_>) -> Self {
        draw.text()
    }

    fn shown(&self) -> Shown {
        Shown::Scalar(Value::from(self.as_str()), self.clone())
    }
}

impl Sample for CompactString {
    fn draw(draw: &mut Draw<'_>) -> Self {
        draw.text().into()
    }

    fn shown(&self) -> Shown {
        Shown::Scalar(Value::from(self.as_str()), self.to_string())
    }
}

impl Sample for bool {
    fn draw(draw: &mut Draw<'_>) -> Self {
        draw.below(2) == 1
    }

    fn shown(&self) -> Shown {
        Shown::Scalar(Value::from(*self), self.to_string())
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Sample for $type {
            fn draw(draw: &mut Draw<'_>) -> Self {
                match draw.below(5) {
                    0 => 0,
                    1 => <$type>::MIN,
                    2 => <$type>::MAX,
                    3 => <$type>::MAX / 3,
                    _ => draw.below(100) as $type,
                }
            }

            fn shown(&self) -> Shown {
                Shown::Scalar(Value::from(*self), self.to_string())
            }
        }
    )*};
}

integers!(i32, i64, u32, u64);

impl Sample for f64 {
    /// Eighths, which are exact in either encoding.
    fn draw(draw: &mut Draw<'_>) -> Self {
        f64::from(i32::draw(draw)) / 8.0
    }

    fn shown(&self) -> Shown {
        Shown::Scalar(Value::from(*self), self.to_string())
    }
}

impl Sample for Value {
    /// Any JSON but `null`, which is the same as absent.
    fn draw(draw: &mut Draw<'_>) -> Self {
        match draw.below(4) {
            0 => Self::Bool(true),
            1 => Self::from(vec![i64::draw(draw)]),
            2 => Self::from(draw.text()),
            _ => serde_json::json!({"a": [draw.text(), null]}),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Scalar(self.clone(), self.to_string())
    }
}

impl Sample for Blob {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let bytes: Vec<u8> = (0..draw.below(9)).map(|_| draw.byte()).collect();
        Self::from_bytes(bytes)
    }

    fn shown(&self) -> Shown {
        let bytes: Vec<_> = block_on(self.chunks().try_collect()).unwrap();
        let text = STANDARD.encode_to_string(bytes.concat());
        Shown::Scalar(Value::from(text.as_str()), text)
    }
}

impl<T: Sample> Sample for Box<T> {
    fn draw(draw: &mut Draw<'_>) -> Self {
        Self::new(T::draw(draw))
    }

    fn shown(&self) -> Shown {
        self.as_ref().shown()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn draw(draw: &mut Draw<'_>) -> Self {
        (draw.goes_on() && draw.below(3) > 0).then(|| T::draw(draw))
    }

    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Absent, T::shown)
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let length = if draw.goes_on() { draw.below(4) } else { 0 };
        (0..length).map(|_| T::draw(draw)).collect()
    }

    fn shown(&self) -> Shown {
        Shown::List { items: self.iter().map(T::shown).collect(), wrapped: true, kept: true }
    }
}

impl<T: Sample> Sample for BTreeMap<String, T> {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let length = if draw.goes_on() { draw.below(4) } else { 0 };
        (0..length).map(|_| (draw.text(), T::draw(draw))).collect()
    }

    fn shown(&self) -> Shown {
        Shown::Map(self.iter().map(|(key, value)| (key.clone(), value.shown())).collect())
    }
}
