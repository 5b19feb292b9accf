//! Reading one value, wherever it was typed: each refusal says what was expected, with an example.

use std::{fmt, net::SocketAddr, time::Duration};

use bytesize::ByteSize;
use serde::{
    Deserializer,
    de::{Error as _, Visitor},
};

/// An address to listen on.
///
/// # Errors
///
/// What was expected.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:9753 or [::1]:9753".to_owned())
}

/// A length of time.
///
/// # Errors
///
/// What was expected.
pub fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "expected a number with a unit, such as 500ms, 10s or 2m".to_owned())
}

/// A number of bytes.
///
/// # Errors
///
/// What was expected.
pub fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "expected a number of bytes, such as 8388608 or 8MiB".to_owned())
}

/// One event in how many.
///
/// # Errors
///
/// What was expected.
pub fn sample(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
        format!("expected a whole number from 1 (every event) to {}, such as 64 (one in 64)", u32::MAX)
    })
}

/// Reads a value of a file, written as a number or as text, with one of the above. Nothing at all is `None`.
pub(super) fn in_file<'de, D: Deserializer<'de>, T>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = from.deserialize_any(Scalar)?;
    text.map(|text| parse(&text).map_err(D::Error::custom)).transpose()
}

struct Scalar;

impl Visitor<'_> for Scalar {
    type Value = Option<String>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("one value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
