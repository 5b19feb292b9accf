//! How numbers look to people.

use std::time::{Duration, SystemTime};

/// `1234567` as `1,234,567`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate per second: three digits below 100, whole above.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^63"
)]
pub(crate) fn rate(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { count(rate.round() as u64) }
}

/// A share, 0 to 1, as a percentage. What is not nothing never looks like nothing, nor all like all.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        _ if percent > 0.0 && percent < 0.01 => "<0.01 %".to_owned(),
        _ if percent < 10.0 => format!("{percent:.2} %"),
        _ if percent > 99.95 && percent < 100.0 => ">99.9 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// A time: `9.81 s`, `12 ms`, `350 us`.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds >= 1.0 || seconds == 0.0 => format!("{seconds:.2} s"),
        _ if seconds >= 0.001 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{:.0} us", seconds * 1e6),
    }
}

/// Bytes, in binary units.
pub(crate) fn bytes(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).to_string()
}

/// Bytes per second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^63"
)]
pub(crate) fn byte_rate(rate: f64) -> String {
    format!("{}/s", bytes(rate.round() as u64))
}

/// ns since 1970 as `2026-11-24T04:05:06Z`.
pub(crate) fn rfc3339(real_ns: u64) -> String {
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_nanos(real_ns)).to_string()
}

/// ns since 1970 of a time; `None` before that.
pub(crate) fn real_ns(time: SystemTime) -> Option<u64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_nanos()).ok())
}

/// A share or a rate; 0 where there is nothing to divide by.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A part of a count; 0 where there is nothing to divide by.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    ratio(float(part), float(whole))
}

/// For rates and shares, which are printed with at most seven digits, and for formats without integers: whole numbers stay exact up
/// to 2^53.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn small_shares_do_not_vanish() {
        let shares = [0.0, 0.000_001, 0.012_3, 0.5, 0.999_99, 1.0].map(percent);
        assert_eq!(shares, ["0.00 %", "<0.01 %", "1.23 %", "50.0 %", ">99.9 %", "100.0 %"]);
    }

    #[test]
    fn times_and_rates() {
        assert_eq!([0.0, 9.812, 0.012, 0.000_35].map(seconds), ["0.00 s", "9.81 s", "12 ms", "350 us"]);
        assert_eq!([3.21, 1234.6].map(rate), ["3.2", "1,235"]);
        assert_eq!(byte_rate(1536.0), "1.5 KiB/s");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
