//! Medians of rounds, and of the ratios of two that took turns.

/// Nanoseconds an element, over the rounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Times {
    pub(crate) least: f64,
    pub(crate) median: f64,
    /// Between the first and the third quartile, as a part of the median.
    pub(crate) spread: f64,
}

impl Times {
    /// Of at least one round.
    pub(crate) fn of(rounds: &[f64]) -> Times {
        let median = quantile(rounds, 0.5);
        let spread = (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / median;
        Times { least: quantile(rounds, 0.0), median, spread }
    }
}

/// Median of `theirs / ours`, round by round: what disturbs a round disturbs both.
pub(crate) fn ratio(theirs: &[f64], ours: &[f64]) -> f64 {
    let ratios: Vec<f64> = theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect();
    quantile(&ratios, 0.5)
}

/// The value below which this part of the values lies, between neighbours by their distance.
fn quantile(values: &[f64], part: f64) -> f64 {
    assert!(!values.is_empty(), "no rounds");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = part * (sorted.len() - 1) as f64;
    let (below, rest) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + rest * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        let times = Times::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!((times.least, times.median), (1.0, 2.5));
        assert_eq!(times.spread, (3.25 - 1.75) / 2.5);
        assert_eq!(Times::of(&[7.0]), Times { least: 7.0, median: 7.0, spread: 0.0 });
    }

    #[test]
    fn a_ratio_is_that_of_rounds_not_of_medians() {
        // The machine was three times slower in one round: both felt it.
        assert_eq!(ratio(&[2.0, 6.0, 2.0], &[1.0, 3.0, 1.0]), 2.0);
        assert_eq!(ratio(&[2.0, 6.0, 3.0], &[1.0, 2.0, 2.0]), 2.0);
    }
}
