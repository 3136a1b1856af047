//! Round trips of every type: what goes out is read by readers that are not ours, what comes back is written by writers
//! that are not ours.

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

pub(crate) use answered;
