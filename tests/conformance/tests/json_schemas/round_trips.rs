//! What the tables of types ask for here: that each type writes what is stated. Enums are judged where they are members.

/// Tests of types that go out.
macro_rules! sent {
    ($($name:ident: $type:ident),* $(,)?) => {
        mod sent {
            $(#[test]
            fn $name() {
                $crate::written::sent::<super::types::$type>(module_path!());
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
                $crate::written::answered::<super::types::$type>(module_path!());
            })*
        }
    };
}

macro_rules! enums {
    ($($name:ident: $type:ident),* $(,)?) => {};
}

pub(crate) use {answered, enums, sent};
