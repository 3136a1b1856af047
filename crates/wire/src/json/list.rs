//! Lists of an answer, which may hold everything that an account has.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Reads a list; `null` is an empty one. (An absent list is `#[serde(default)]`.)
///
/// # Errors
/// If an item does not decode.
pub fn lenient_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut more) = (Vec::new(), 0);
        while let Some(()) = items.next_element_seed(Push { list: &mut list, more })? {
            more = if list.len() < list.capacity() { 0 } else { room(list.len(), items.size_hint()) };
        }
        Ok(list)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

/// For how many items more than `length` there is to be room, if there may be as many as that; 0 if nobody knows. A long list is
/// seldom copied while it grows, and whatever the document makes one expect, it has no more than five times the room it needs.
fn room(length: usize, more: Option<usize>) -> usize {
    more.map_or(0, |more| (more + more / 16).clamp(length / 4 + 1, length.saturating_mul(4)))
}

/// Puts an item where it is to be: on its way it would be copied from hand to hand.
struct Push<'a, T> {
    list: &'a mut Vec<T>,
    /// For how many items room is made first.
    more: usize,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Push<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.list.reserve_exact(self.more);
        self.list.push(T::deserialize(deserializer)?);
        Ok(())
    }
}
