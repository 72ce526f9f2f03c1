//! A command's output as a table for people.
//!
//! Columns stand in the order in which the command prints them, which a JSON map would forget; so the value is read into a tree
//! that keeps it.

use super::report::{BOLD, DIM, shown};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::fmt::{self, Write as _};

/// A JSON value whose objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Prints a value under its command.
pub(super) fn print(command: &str, value: &Value) -> String {
    let mut out = format!("{BOLD}{command}{BOLD:#}\n");
    value.write(&mut out, 0);
    out
}

impl Value {
    fn write(&self, out: &mut String, indent: usize) {
        match self {
            Self::List(rows) if rows.is_empty() => line(out, indent, "none"),
            Self::List(rows) if rows.iter().all(Self::is_flat) => table(out, indent, rows),
            Self::List(rows) => rows.iter().for_each(|row| row.write(out, indent)),
            Self::Object(fields) => {
                let width = fields.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
                for (key, value) in fields {
                    if matches!(value, Self::Object(_))
                        || matches!(value, Self::List(rows) if rows.iter().any(|r| !r.is_word()))
                    {
                        line(out, indent, key);
                        value.write(out, indent + 2);
                    } else {
                        line(out, indent, &format!("{key:width$}  {}", value.word()));
                    }
                }
            }
            Self::Nothing | Self::Text(_) => line(out, indent, &self.word()),
        }
    }

    fn is_word(&self) -> bool {
        matches!(self, Self::Nothing | Self::Text(_))
    }

    /// An object of words, or of lists of words: a row of a table.
    fn is_flat(&self) -> bool {
        let word =
            |value: &Self| value.is_word() || matches!(value, Self::List(list) if list.iter().all(Self::is_word));
        matches!(self, Self::Object(fields) if fields.iter().all(|(_, value)| word(value)))
    }

    fn word(&self) -> String {
        match self {
            Self::Nothing => "-".to_owned(),
            Self::Text(text) => shown(text),
            Self::List(values) => values.iter().map(Self::word).collect::<Vec<_>>().join(", "),
            Self::Object(_) => String::new(),
        }
    }
}

fn line(out: &mut String, indent: usize, text: &str) {
    let _written = writeln!(out, "{:indent$}{text}", "");
}

/// Rows with the columns of all of them, each as wide as it must be.
fn table(out: &mut String, indent: usize, rows: &[Value]) {
    let mut keys: Vec<&str> = Vec::new();
    for row in rows {
        let Value::Object(fields) = row else { continue };
        for (key, _) in fields {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
    }
    let cells = |row: &Value| -> Vec<String> {
        let Value::Object(fields) = row else { return Vec::new() };
        let cell = |key: &&str| fields.iter().find(|(known, _)| known == key).map(|(_, value)| value.word());
        keys.iter().map(|key| cell(key).unwrap_or_else(|| "-".to_owned())).collect()
    };
    let rows: Vec<_> = rows.iter().map(cells).collect();
    let width = |column: usize, key: &str| {
        let widest = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        widest.unwrap_or(0).max(key.len())
    };
    let widths: Vec<_> = keys.iter().enumerate().map(|(column, key)| width(column, key)).collect();
    let aligned = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    line(out, indent, &format!("{DIM}{}{DIM:#}", aligned(&keys)));
    for row in &rows {
        line(out, indent, &aligned(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Text(if value { "yes" } else { "no" }.to_owned()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Text(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
                let mut object = Vec::new();
                while let Some(field) = fields.next_entry()? {
                    object.push(field);
                }
                Ok(Value::Object(object))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_objects_is_a_table_in_their_order() {
        let json = r#"[{"disk":"hdisk0","vg":"rootvg","state":null},{"disk":"hdisk10","vg":null,"state":"active"}]"#;
        let text = anstream::adapter::strip_str(&print("lspv", &serde_json::from_str(json).unwrap())).to_string();
        assert_eq!(text, "lspv\ndisk     vg      state\nhdisk0   rootvg  -\nhdisk10  -       active\n");
    }

    #[test]
    fn objects_are_lists_of_keys_and_nothing_is_said_to_be_nothing() {
        let json = r#"{"vg":"rootvg","lvs":[],"free":12,"names":["a","b"]}"#;
        let text = anstream::adapter::strip_str(&print("x", &serde_json::from_str(json).unwrap())).to_string();
        assert_eq!(text, "x\nvg     rootvg\nlvs    \nfree   12\nnames  a, b\n");
    }
}
