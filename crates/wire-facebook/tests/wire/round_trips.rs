//! Round trips of every type: what goes out is read by readers that are not ours, what comes back is written by writers
//! that are not ours.

/// Tests of types that go out.
macro_rules! sent {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod sent {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::sent_json::<super::types::$type>();
            })*
        }
    };
}

/// Tests of types that come back.
macro_rules! answered {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod answered {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::answered_json::<super::types::$type>();
            })*
        }
    };
}

/// Tests of enums, which go both ways.
macro_rules! enums {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod enums {
            $(#[test]
            fn $name() {
                $crate::every_type::checks::answered_json::<super::types::$type>();
            })*
        }
    };
}

pub(crate) use {answered, enums, sent};
