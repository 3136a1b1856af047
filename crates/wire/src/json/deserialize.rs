//! The reader of JSON as serde asks for values. Texts without escapes are lent from the document, and records are read from
//! objects alone: the readers that serde derives would also take a list, its items for the members in their order. It never takes
//! names of members for anything but text, and knows no raw values.

use std::convert::Infallible;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::Error;

use super::number::Number;
use super::reader::Reader;

impl<'de> Reader<'de> {
    #[inline(always)]
    fn visit_text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.plain_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => {
                self.unescape()?;
                visitor.visit_str(&self.unescaped)
            }
        }
        .map_err(|error| self.placed(error))
    }

    #[inline(always)]
    fn visit_seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.within(b']', |reader| {
            let start = reader.at;
            visitor.visit_seq(Items { reader, first: true, start, read: 0 })
        })
    }

    #[inline(always)]
    fn visit_map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.within(b'}', |reader| visitor.visit_map(Members { reader, first: true }))
    }

    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.number()? {
            Number::Natural(number) => visitor.visit_u64(number),
            Number::Negative(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
        }
        .map_err(|error| self.placed(error))
    }

    /// Why a value is none of those that are wanted.
    #[cold]
    fn misfit(&mut self, wanted: &dyn Expected) -> Error {
        let error = match self.byte() {
            Some(b'[') => Error::invalid_type(Unexpected::Seq, wanted),
            Some(b'{') => Error::invalid_type(Unexpected::Map, wanted),
            _ => match self.deserialize_any(Misfit(wanted)) {
                Ok(never) => match never {},
                Err(error) => error,
            },
        };
        self.placed(error)
    }
}

/// Reads what begins as one of the patterns tell, and has anything else for an error.
macro_rules! read {
    ($($method:ident: $($first:pat => $read:expr),+;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.peek() {
                $(Some($first) => $read(self, visitor),)+
                Some(_) => Err(self.misfit(&visitor)),
                None => Err(self.refused_next("EOF while parsing a value")),
            }
        }
    )*};
}

fn read_word<'de, T>(
    reader: &mut Reader<'de>,
    rest: &str,
    visit: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    reader.word(rest)?;
    visit().map_err(|error| reader.placed(error))
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'"') => self.visit_text(visitor),
            Some(b'-' | b'0'..=b'9') => self.visit_number(visitor),
            Some(b'{') => self.visit_map(visitor),
            Some(b'[') => self.visit_seq(visitor),
            Some(b'n') => read_word(self, "ull", || visitor.visit_unit()),
            Some(b't') => read_word(self, "rue", || visitor.visit_bool(true)),
            Some(b'f') => read_word(self, "alse", || visitor.visit_bool(false)),
            Some(_) => Err(self.refused_next("expected value")),
            None => Err(self.refused_next("EOF while parsing a value")),
        }
    }

    read! {
        deserialize_bool:
            b't' => |reader, visitor: V| read_word(reader, "rue", || visitor.visit_bool(true)),
            b'f' => |reader, visitor: V| read_word(reader, "alse", || visitor.visit_bool(false));
        deserialize_i8: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_i16: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_i32: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_i64: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_u8: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_u16: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_u32: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_u64: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_f32: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_f64: b'-' | b'0'..=b'9' => Reader::visit_number;
        deserialize_char: b'"' => Reader::visit_text;
        deserialize_str: b'"' => Reader::visit_text;
        deserialize_string: b'"' => Reader::visit_text;
        deserialize_identifier: b'"' => Reader::visit_text;
        deserialize_bytes: b'"' => Reader::visit_text, b'[' => Reader::visit_seq;
        deserialize_byte_buf: b'"' => Reader::visit_text, b'[' => Reader::visit_seq;
        deserialize_unit: b'n' => |reader, visitor: V| read_word(reader, "ull", || visitor.visit_unit());
        deserialize_seq: b'[' => Reader::visit_seq;
        deserialize_map: b'{' => Reader::visit_map;
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'n') => {
                self.word("ull")?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'"') => {
                self.unescape()?;
                let read = visitor.visit_enum(self.unescaped.as_str().into_deserializer());
                read.map_err(|error| self.placed(error))
            }
            Some(b'{') => self
                .within(b'}', |reader| visitor.visit_enum(MapAccessDeserializer::new(Members { reader, first: true }))),
            Some(_) => Err(self.refused_next("expected value")),
            None => Err(self.refused_next("EOF while parsing a value")),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }
}

/// The items of a list.
struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
    /// Where the first one begins.
    start: usize,
    /// How many have been read.
    read: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let first = std::mem::replace(&mut self.first, false);
        match self.reader.peek() {
            Some(b']') => return Ok(None),
            Some(b',') if !first => {
                self.reader.at += 1;
                match self.reader.peek() {
                    Some(b']') => return Err(self.reader.refused_next("trailing comma")),
                    Some(_) => {}
                    None => return Err(self.reader.refused_next("EOF while parsing a value")),
                }
            }
            Some(_) if first => {}
            Some(_) => return Err(self.reader.refused_next("expected `,` or `]`")),
            None => return Err(self.reader.refused_next("EOF while parsing a list")),
        }
        self.read += 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    /// About as many as the rest of the document would hold if all were like those before.
    fn size_hint(&self) -> Option<usize> {
        let (read, rest) = (self.reader.at - self.start, self.reader.document.len() - self.reader.at);
        rest.checked_mul(self.read)?.checked_div(read)
    }
}

/// The members of an object.
struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let reader = &mut *self.reader;
        if !reader.next_name(std::mem::replace(&mut self.first, false))? {
            return Ok(None);
        }
        let name = match reader.plain_text() {
            Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            None => {
                reader.unescape()?;
                seed.deserialize(StrDeserializer::new(&reader.unescaped))
            }
        };
        name.map(Some).map_err(|error| reader.placed(error))
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.reader.colon()?;
        seed.deserialize(&mut *self.reader)
    }
}

/// Takes no value, and says what was wanted instead.
struct Misfit<'a>(&'a dyn Expected);

impl Visitor<'_> for Misfit<'_> {
    type Value = Infallible;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
