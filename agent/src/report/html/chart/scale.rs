//! Where the lines of a grid are, and what stands beside them.

/// An axis from nothing to `max`.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report::html) struct Scale {
    pub(super) max: f64,
    /// Values with their words, ascending.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Shares of a whole.
    pub(in crate::report::html) fn share() -> Self {
        let tick = |value: f64| (value, format!("{} %", number(value * 100.0)));
        Self { max: 1.0, ticks: [0.0, 0.5, 1.0].map(tick).to_vec() }
    }

    /// Events per second.
    pub(in crate::report::html) fn events(peak: f64) -> Self {
        let (unit, name) = match peak {
            _ if peak > 2e6 => (1e6, "M"),
            _ if peak > 2e3 => (1e3, "k"),
            _ => (1.0, ""),
        };
        Self::halves(peak, unit, &format!("{name}/s"))
    }

    /// Bytes per second.
    pub(in crate::report::html) fn bytes(peak: f64) -> Self {
        let (unit, name) = match peak {
            _ if peak >= 1_073_741_824.0 => (1_073_741_824.0, "GiB/s"),
            _ if peak >= 1_048_576.0 => (1_048_576.0, "MiB/s"),
            _ if peak >= 1024.0 => (1024.0, "KiB/s"),
            _ => (1.0, "B/s"),
        };
        Self::halves(peak, unit, name)
    }

    fn halves(peak: f64, unit: f64, name: &str) -> Self {
        let max = if peak > 0.0 { round_up(peak / unit, &EVEN) } else { 1.0 };
        let tick = |value: f64| (value * unit, format!("{} {name}", number(value)));
        Self { max: max * unit, ticks: [0.0, max / 2.0, max].map(tick).to_vec() }
    }

    /// Times of a window of so many seconds.
    pub(super) fn times(span: f64) -> Self {
        /// Ticks that there is room for.
        const MOST: f64 = 6.0;
        let (unit, name) = match span {
            _ if span > 10_800.0 => (3600.0, "h"),
            _ if span > 180.0 => (60.0, "min"),
            _ => (1.0, "s"),
        };
        let step = if span > 0.0 { round_up(span / unit / MOST, &[1.0, 2.0, 5.0]) } else { 1.0 };
        let tick = |place: u8| f64::from(place) * step;
        let ticks = (0..=10).map(tick).filter(|value| value * unit <= span * (1.0 + 1e-9));
        Self {
            max: span,
            ticks: ticks.map(|value| (value * unit, format!("{} {name}", number(value)))).collect(),
        }
    }
}

/// Ends of a scale whose halves are short words, too.
const EVEN: [f64; 9] = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];

/// The next of some numbers from 1 to 10, times a power of ten.
fn round_up(value: f64, numbers: &[f64]) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    numbers.iter().map(|number| number * power).find(|round| *round >= value).unwrap_or(10.0 * power)
}

/// Without zeros that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, word)| word.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_reach_the_peak() {
        assert_eq!(words(&Scale::share()), ["0 %", "50 %", "100 %"]);
        assert_eq!(words(&Scale::events(138_000.0)), ["0 k/s", "80 k/s", "160 k/s"]);
        assert_eq!(words(&Scale::events(3.0)), ["0 /s", "1.5 /s", "3 /s"]);
        assert_eq!(words(&Scale::events(0.0)), ["0 /s", "0.5 /s", "1 /s"]);
        assert_eq!(words(&Scale::bytes(6.4 * 1_048_576.0)), ["0 MiB/s", "4 MiB/s", "8 MiB/s"]);
        assert_eq!(Scale::bytes(100.0).max, 100.0);
    }

    #[test]
    fn times_fit_their_window() {
        assert_eq!(words(&Scale::times(7.51)), ["0 s", "2 s", "4 s", "6 s"]);
        assert_eq!(words(&Scale::times(900.0)), ["0 min", "5 min", "10 min", "15 min"]);
        assert_eq!(
            words(&Scale::times(0.3)),
            ["0 s", "0.05 s", "0.1 s", "0.15 s", "0.2 s", "0.25 s", "0.3 s"]
        );
        for span in [0.0, 0.01, 1.0, 59.0, 181.0, 86_400.0, 1e7] {
            let scale = Scale::times(span);
            assert!((1..=7).contains(&scale.ticks.len()), "{span}: {scale:?}");
            assert!(scale.ticks.iter().all(|(at, _)| *at <= span * 1.000_001));
        }
    }
}
