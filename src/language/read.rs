//! Reads a [`Tree`] into serde types. A type that does not fit says so at the value's place.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, UnitDeserializer};
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::mistake::Mistake;
use super::tree::{NodeKind, Place, Tree};

/// Why a value cannot be read, and where.
#[derive(Clone, Debug)]
pub(crate) struct Misfit {
    pub message: String,
    pub place: Option<Place>,
}

impl Misfit {
    fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), place: None }
    }
}

impl From<Misfit> for Mistake {
    fn from(misfit: Misfit) -> Self {
        let mistake = Self::new(misfit.message);
        match misfit.place {
            Some(place) => place.mark_value(mistake, ""),
            None => mistake,
        }
    }
}

impl Tree {
    /// Reads this value as a `T`.
    pub(crate) fn read<'de, T: de::Deserialize<'de>>(&'de self) -> Result<T, Misfit> {
        T::deserialize(self)
    }
}

impl<'de> de::Deserializer<'de> for &'de Tree {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.kind {
            NodeKind::Text(text) | NodeKind::Moment(text) => visitor.visit_borrowed_str(text),
            NodeKind::Integer(value) => visitor.visit_i64(*value),
            NodeKind::Float(value) if !value.is_finite() => {
                Err(de::Error::custom(format!("`{value}` is not a finite number")))
            }
            NodeKind::Float(value) => visitor.visit_f64(*value),
            NodeKind::Truth(value) => visitor.visit_bool(*value),
            NodeKind::List(elements) => visitor.visit_seq(Elements(elements.iter())),
            NodeKind::Table(entries) => visitor.visit_map(Entries { left: entries.iter(), value: None }),
        }
        .map_err(|misfit| misfit.at(&self.place))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.kind {
            NodeKind::Text(text) => visitor.visit_enum(Variant { name: text, value: None }),
            NodeKind::Table(entries) => match entries.as_slice() {
                [(name, value)] => visitor.visit_enum(Variant { name, value: Some(value) }),
                _ => Err(de::Error::custom("expected a table with exactly one key")),
            },
            _ => Err(de::Error::custom("expected a string or a table with exactly one key")),
        }
        .map_err(|misfit: Misfit| misfit.at(&self.place))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &'de Tree {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

struct Elements<'de>(std::slice::Iter<'de, Tree>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|element| seed.deserialize(element)).transpose()
    }
}

struct Entries<'de> {
    left: std::slice::Iter<'de, (String, Tree)>,
    value: Option<&'de Tree>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some).map_err(|misfit: Misfit| misfit.at(&value.place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

struct Variant<'de> {
    name: &'de str,
    value: Option<&'de Tree>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name = seed.deserialize(BorrowedStrDeserializer::<Misfit>::new(self.name))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.value {
            None => Ok(()),
            Some(value) => {
                Err(Misfit { message: format!("`{}` takes no value", self.name), place: Some(value.place.clone()) })
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        match self.value {
            Some(value) => seed.deserialize(value),
            None => seed.deserialize(UnitDeserializer::new()),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            Some(value) => de::Deserializer::deserialize_any(value, visitor),
            None => Err(de::Error::custom(format!("`{}` needs a value", self.name))),
        }
    }
}
