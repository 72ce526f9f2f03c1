//! `lsnim -l`.

use crate::{ObjectName, Unreadable, text::shell_error};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

/// One object as `lsnim -l` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    /// The object's name.
    pub name: ObjectName,
    /// Attributes in the order printed. A name can be there several times; a value can have several lines.
    pub attributes: Vec<(String, String)>,
}

impl Stanza {
    /// The first value of an attribute.
    #[must_use]
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.all(attribute).next()
    }

    /// Every value of an attribute, in the order printed.
    pub fn all(&self, attribute: &str) -> impl Iterator<Item = &str> {
        self.attributes.iter().filter(move |(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }
}

/// Reads `lsnim -l` about any number of objects.
///
/// A line that is neither a heading nor `name = value` continues the value before it, as in a multi-line `err_info`.
///
/// # Errors
/// A first line that is no object's heading, or text between a heading and its first attribute.
pub fn stanzas(output: &str) -> Result<Vec<Stanza>, Unreadable> {
    let mut stanzas: Vec<Stanza> = Vec::new();
    for (number, line) in crate::text::lines(output) {
        if let Some(name) = heading(line) {
            stanzas.push(Stanza { name, attributes: Vec::new() });
            continue;
        }
        let unreadable = || Unreadable::new("lsnim -l", number, line);
        let attributes = &mut stanzas.last_mut().ok_or_else(unreadable)?.attributes;
        if let Some((name, value)) = attribute(line) {
            attributes.push((name.to_owned(), value.to_owned()));
        } else {
            let (_, value) = attributes.last_mut().filter(|_| !shell_error(line)).ok_or_else(unreadable)?;
            value.push('\n');
            value.push_str(line);
        }
    }
    Ok(stanzas)
}

/// `lpar71:` at the very left. A line of an error text that ends in a colon has blanks and is no object name.
fn heading(line: &str) -> Option<ObjectName> {
    line.strip_suffix(':')?.parse().ok()
}

fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (line.starts_with([' ', '\t']) && word).then(|| (name, value.trim()))
}

/// Prints objects as `lsnim -l` does: the names of an object's attributes padded to the longest of them.
#[must_use]
pub fn print_stanzas(stanzas: &[Stanza]) -> String {
    let mut out = String::new();
    for Stanza { name, attributes } in stanzas {
        let width = attributes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        out += &format!("{name}:\n");
        for (name, value) in attributes {
            out += &format!("   {name:<width$} = {value}\n");
        }
    }
    out
}

/// Objects as JSON: `{"name": {"attribute": "value", …}, …}` in the order printed.
///
/// The values of an attribute that is there several times become an array at the place of the first; so JSON gives the
/// same stanza back only where they follow each other, as AIX prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects(pub Vec<Stanza>);

/// The attributes of one stanza.
struct Attributes<'a>(&'a Stanza);

impl Serialize for Objects {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|stanza| (stanza.name.as_str(), Attributes(stanza))))
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(stanza) = self;
        // Grouped in one pass: to look through the stanza for each attribute's other values takes quadratic time.
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, value) in &stanza.attributes {
            match places.entry(name.as_str()) {
                Entry::Occupied(place) => groups[*place.get()].1.push(value.as_str()),
                Entry::Vacant(place) => {
                    place.insert(groups.len());
                    groups.push((name.as_str(), vec![value.as_str()]));
                }
            }
        }
        let mut map = serializer.serialize_map(Some(groups.len()))?;
        for (name, values) in &groups {
            match &values[..] {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

/// A value, or the values of an attribute that repeats.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

/// Reads a map into pairs, in its order.
struct Pairs<V>(std::marker::PhantomData<V>);

impl<'de, V: Deserialize<'de>> de::Visitor<'de> for Pairs<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// Attributes as they come from JSON.
struct Described(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Described {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = deserializer.deserialize_map(Pairs::<Values>(std::marker::PhantomData))?;
        let spread = pairs.into_iter().flat_map(|(name, values)| {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Several(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        });
        Ok(Self(spread.collect()))
    }
}

impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = deserializer.deserialize_map(Pairs::<Described>(std::marker::PhantomData))?;
        let stanza = |(name, Described(attributes)): (String, Described)| {
            Ok(Stanza { name: name.parse().map_err(de::Error::custom)?, attributes })
        };
        pairs.into_iter().map(stanza).collect::<Result<_, _>>().map(Self)
    }
}
