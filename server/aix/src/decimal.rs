//! Exact decimals as JSON numbers.
//!
//! `13.06` GB or 0.25 MiB must come out of a database as it went in, and compare equal. So such values are kept as a whole
//! number of small parts, and become a fraction only on their way into JSON: exact below 2^49 parts, which leaves room for
//! the rounding of whoever reads the JSON.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Above it, the fraction may round to another number of parts.
const EXACT: f64 = (1_u64 << 49) as f64;

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(u64),
    Fraction(f64),
}

/// Writes `parts`, of which `per_unit` make one: as an integer where they make a whole number.
pub(crate) fn serialize<S: Serializer>(parts: u64, per_unit: u64, serializer: S) -> Result<S::Ok, S::Error> {
    if parts.is_multiple_of(per_unit) {
        serializer.serialize_u64(parts / per_unit)
    } else {
        serializer.serialize_f64(parts as f64 / per_unit as f64)
    }
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// A number that is negative or too large.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(per_unit: u64, deserializer: D) -> Result<u64, D::Error> {
    match Number::deserialize(deserializer)? {
        Number::Whole(units) => units.checked_mul(per_unit).ok_or_else(|| Error::custom("number too large")),
        Number::Fraction(units) => {
            let parts = (units * per_unit as f64).round();
            if (0.0..EXACT).contains(&parts) { Ok(parts as u64) } else { Err(Error::custom("not a size")) }
        }
    }
}
