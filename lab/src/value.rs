//! Reading values that are typed: sizes, scripts of stalls and of bursts.

use std::{str::FromStr as _, time::Duration};

use anyhow::{Context as _, Result, ensure};
use bytesize::ByteSize;
use syscalls::Sysno;

/// A stall of the consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    /// When, since the start.
    pub(crate) at: Duration,
    /// For how long.
    pub(crate) time: Duration,
}

/// Calls per second; `None` is as fast as it goes. A name of its own, because clap takes a plain `Option` for a
/// flag that may be absent.
pub(crate) type Rate = Option<u64>;

/// A stretch of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    pub(crate) rate: Rate,
    /// For how long.
    pub(crate) time: Duration,
}

/// Bytes of a ring, under the rules of Falco: a power of two, whole pages, more than two of them.
pub(crate) fn ring_bytes(text: &str) -> Result<u32> {
    let bytes = bytes(text)?;
    let page = rustix::param::page_size() as u64;
    ensure!(
        bytes.is_power_of_two() && bytes.is_multiple_of(page) && bytes > 2 * page,
        "a ring has a power of two of bytes, and more than two pages of {page}"
    );
    u32::try_from(bytes).context("a ring has less than 4 GiB")
}

/// Bytes such as `64KiB`.
pub(crate) fn bytes(text: &str) -> Result<u64> {
    Ok(ByteSize::from_str(text).map_err(anyhow::Error::msg)?.as_u64())
}

/// As [`ring_bytes`], of a ring that a record of 2 MiB is too big for.
pub(crate) fn small_ring_bytes(text: &str) -> Result<u32> {
    let bytes = ring_bytes(text)?;
    ensure!(bytes <= 1 << 20, "a ring of more than 1 MiB would hold the record that is to be too big");
    Ok(bytes)
}

/// A time such as `500ms`.
pub(crate) fn time(text: &str) -> Result<Duration> {
    Ok(humantime::parse_duration(text)?)
}

/// A syscall of this architecture, by name.
pub(crate) fn syscall(name: &str) -> Result<Sysno> {
    Sysno::from_str(name).ok().with_context(|| format!("this architecture has no syscall {name}"))
}

/// `rate` or `max`, calls per second.
pub(crate) fn rate(text: &str) -> Result<Rate> {
    if text == "max" { Ok(None) } else { Ok(Some(text.parse()?)) }
}

/// `2s+500ms`.
pub(crate) fn stall(text: &str) -> Result<Stall> {
    let (at, length) = text.split_once('+').context("a stall is START+LENGTH, such as 2s+500ms")?;
    Ok(Stall { at: time(at)?, time: time(length)? })
}

/// `100000:200ms`.
pub(crate) fn burst(text: &str) -> Result<Burst> {
    let (speed, length) =
        text.split_once(':').context("a burst is RATE:LENGTH, such as 100000:200ms or max:1s")?;
    Ok(Burst { rate: rate(speed)?, time: time(length)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_follow_the_rules() {
        assert_eq!(ring_bytes("8MiB").unwrap(), 8 << 20);
        assert_eq!(ring_bytes("16384").unwrap(), 16384);
        for refused in ["0", "1000", "5000", "8192", "12288", "4GiB"] {
            assert!(ring_bytes(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn scripts_are_read() {
        let half = Duration::from_millis(500);
        assert_eq!(stall("2s+500ms").unwrap(), Stall { at: Duration::from_secs(2), time: half });
        assert_eq!(burst("max:500ms").unwrap(), Burst { rate: None, time: half });
        assert_eq!(burst("10:500ms").unwrap(), Burst { rate: Some(10), time: half });
        assert!(stall("2s").is_err() && burst("10").is_err() && burst("fast:1s").is_err());
        assert!(syscall("no_such_call").is_err());
    }
}
