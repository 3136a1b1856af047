//! Open enums: a value that the schema does not name is kept, not refused.

/// Declares an enum of named wire values plus `Unknown`, which holds any other value and writes it back unchanged.
///
/// The type gets `as_str`, `From<&str>`, `Display`, serde and XML codecs.
///
/// ```
/// polyptych_wire::open_enum! {
///     /// Whether an image is bound to an ad.
///     pub enum YesNo {
///         /// Bound.
///         Yes = "YES",
///         /// Not bound.
///         No = "NO",
///     }
/// }
/// assert_eq!(YesNo::from("YES"), YesNo::Yes);
/// assert_eq!(YesNo::from("MAYBE").as_str(), "MAYBE");
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $value:literal ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// A value that the schema does not name, as it stood on the wire.
            Unknown($crate::CompactString),
        }

        impl $name {
            /// Every value that the schema names, in schema order.
            pub const NAMED: &'static [&'static str] = &[$($value),*];

            /// The value as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $value, )*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl ::core::convert::From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $( $value => Self::$variant, )*
                    other => Self::Unknown(other.into()),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::open_enum::serde::Serialize for $name {
            fn serialize<S: $crate::open_enum::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::open_enum::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::open_enum::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::open_enum(deserializer, |text| Self::from(text))
            }
        }

        impl $crate::json::WriteJson for $name {
            fn write_json(&self, body: &mut $crate::BodyWriter) {
                self.as_str().write_json(body);
            }
        }

        $crate::open_enum_xml!($name);
        $crate::open_enum_schema!($name);
    };
}

/// An open enum in XML, where the feature `xml` asks for it.
#[cfg(feature = "xml")]
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum_xml {
    ($name:ident) => {
        impl $crate::xml::WriteXml for $name {
            fn write_xml(&self, writer: &mut $crate::xml::XmlWriter) {
                writer.text(self.as_str());
            }
        }

        impl $crate::xml::ReadXml for $name {
            fn read_xml(element: &mut $crate::xml::Element<'_, '_>) -> Result<Self, $crate::xml::XmlError> {
                Ok(Self::from(element.text()?.as_ref()))
            }
        }
    };
}

/// Without the feature `xml` there is none.
#[cfg(not(feature = "xml"))]
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum_xml {
    ($name:ident) => {};
}

/// The JSON Schema of an open enum, where the feature `schema` asks for it: the named values, or any other text.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum_schema {
    ($name:ident) => {
        impl $crate::open_enum::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::core::stringify!($name).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!($name)).into()
            }

            fn json_schema(
                _: &mut $crate::open_enum::schemars::SchemaGenerator,
            ) -> $crate::open_enum::schemars::Schema {
                $crate::open_enum::schemars::json_schema!({
                    "anyOf": [{ "type": "string", "enum": Self::NAMED }, { "type": "string" }]
                })
            }
        }
    };
}

/// Without the feature `schema` there is none.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum_schema {
    ($name:ident) => {};
}

#[cfg(feature = "schema")]
#[doc(hidden)]
pub use ::schemars;
#[doc(hidden)]
pub use ::serde;
