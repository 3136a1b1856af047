//! The words of the tables: each names a type with its members as the schema has them.

/// A record: member in Rust, name on the wire, and what holds it.
macro_rules! record {
    ($type:path { $($member:ident: $wire:literal $holder:ident),* $(,)? }) => {
        impl $crate::every_type::Sample for $type {
            fn draw(draw: &mut $crate::every_type::Draw<'_>) -> Self {
                let _ = &draw;
                draw.deeper(|_draw| Self { $($member: $crate::every_type::Sample::draw(_draw)),* })
            }

            fn shown(&self) -> $crate::every_type::Shown {
                $crate::every_type::Shown::Record(vec![$((
                    $wire,
                    $crate::every_type::Holder::$holder.place($crate::every_type::Sample::shown(&self.$member)),
                )),*])
            }
        }
    };
}

/// An open enum with the values of the schema.
macro_rules! open_enum {
    ($type:path { $($value:literal),* $(,)? }) => {
        impl $crate::every_type::Sample for $type {
            fn draw(draw: &mut $crate::every_type::Draw<'_>) -> Self {
                assert_eq!(<$type>::NAMED, [$($value),*], "the values of the schema, in its order");
                Self::from(draw.enum_value(&[$($value),*]).as_str())
            }

            fn shown(&self) -> $crate::every_type::Shown {
                let text = self.as_str();
                $crate::every_type::Shown::Scalar(serde_json::Value::from(text), text.to_owned())
            }
        }
    };
}

pub(crate) use {open_enum, record};
