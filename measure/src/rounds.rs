//! Timing by turns: rounds of all contestants alternate, so that what else the machine does meets each alike.
//! In a turn each has one round, or some where others take much longer.

use std::time::{Duration, Instant};

/// So many rounds a turn has for whoever is that much faster than the slowest.
const ROUNDS_OF_TURN_MAX: u128 = 10;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// A round calls so often that it takes at least this long.
    pub round: Duration,
    /// Rounds of one contestant go on for about this long.
    pub total: Duration,
    /// There are at least so many of each.
    pub rounds_min: usize,
    /// And at most so many.
    pub rounds_max: usize,
}

impl Default for Plan {
    fn default() -> Plan {
        let (round, total) = (Duration::from_micros(100), Duration::from_millis(500));
        Plan { round, total, rounds_min: 5, rounds_max: 500 }
    }
}

/// How long one call took, by round; sorted, and at least one.
#[derive(Clone, PartialEq, Debug)]
pub struct Samples {
    seconds: Vec<f64>,
}

impl Samples {
    /// Seconds of one call, one for each round.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(mut seconds: Vec<f64>) -> Samples {
        assert!(!seconds.is_empty(), "at least one round");
        seconds.sort_by(f64::total_cmp);
        Samples { seconds }
    }

    /// The fastest.
    pub fn min(&self) -> f64 {
        self.seconds[0]
    }

    /// The one in the middle, or the mean of the two there.
    pub fn median(&self) -> f64 {
        let (count, middle) = (self.seconds.len(), self.seconds.len() / 2);
        if count % 2 == 1 { self.seconds[middle] } else { (self.seconds[middle - 1] + self.seconds[middle]) / 2.0 }
    }

    /// How many rounds there were.
    pub fn rounds(&self) -> usize {
        self.seconds.len()
    }
}

/// What is timed: one call.
pub type Call<'c, E> = Box<dyn FnMut() -> Result<(), E> + 'c>;

/// Runs the contestants by turns. Each is called once before, to warm up, and then until it is known how often
/// it fits into a round.
pub fn measure<E>(calls: &mut [Call<'_, E>], plan: Plan) -> Result<Vec<Samples>, E> {
    measure_with(calls, plan, |call, times| {
        let started = Instant::now();
        for _ in 0..times {
            call()?;
        }
        Ok(started.elapsed())
    })
}

/// `measure` with another clock.
fn measure_with<E>(
    calls: &mut [Call<'_, E>],
    plan: Plan,
    mut time: impl FnMut(&mut Call<'_, E>, u32) -> Result<Duration, E>,
) -> Result<Vec<Samples>, E> {
    let mut pace = Vec::new();
    for call in calls.iter_mut() {
        time(call, 1)?;
        let mut times = 1u32;
        let mut took = time(call, times)?;
        // A clock's tick is some 20 ns: a short round says little.
        while took < plan.round && times < 1 << 20 {
            times *= 2;
            took = time(call, times)?;
        }
        pace.push((times, took));
    }
    let slowest = pace.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let wanted = plan.total.as_nanos() / slowest.as_nanos().max(1);
    let turns = usize::try_from(wanted).unwrap_or(usize::MAX).clamp(plan.rounds_min, plan.rounds_max);
    let rounds = |took: Duration| (slowest.as_nanos() / took.as_nanos().max(1)).clamp(1, ROUNDS_OF_TURN_MAX);
    let mut seconds = vec![Vec::with_capacity(turns); calls.len()];
    for _ in 0..turns {
        for ((call, &(times, took)), seconds) in calls.iter_mut().zip(&pace).zip(&mut seconds) {
            for _ in 0..rounds(took) {
                seconds.push(time(call, times)?.as_secs_f64() / f64::from(times));
            }
        }
    }
    Ok(seconds.into_iter().map(Samples::new).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn minimum_and_median() {
        let samples = Samples::new(vec![3.0, 1.0, 2.0]);
        assert_eq!((samples.min(), samples.median(), samples.rounds()), (1.0, 2.0, 3));
        let samples = Samples::new(vec![4.0, 1.0, 2.0, 8.0]);
        assert_eq!((samples.min(), samples.median(), samples.rounds()), (1.0, 3.0, 4));
    }

    /// A clock that knows how long each contestant takes, and who was called when.
    fn run(costs: &[u64], plan: Plan) -> (Vec<Samples>, String) {
        let (log, now) = (RefCell::new(String::new()), RefCell::new(0));
        let calls = costs.iter().enumerate().map(|(index, cost)| -> Call<'_, ()> {
            let (log, now) = (&log, &now);
            Box::new(move || {
                log.borrow_mut().push((b'a' + index as u8) as char);
                *now.borrow_mut() += cost;
                Ok(())
            })
        });
        let mut calls: Vec<Call<'_, ()>> = calls.collect();
        let samples = measure_with(&mut calls, plan, |call, times| {
            let before = *now.borrow();
            (0..times).try_for_each(|_| call())?;
            Ok(Duration::from_nanos(*now.borrow() - before))
        });
        let samples = samples.unwrap();
        drop(calls);
        (samples, log.into_inner())
    }

    #[test]
    fn contestants_take_turns() {
        let (round, total) = (Duration::from_nanos(30), Duration::from_nanos(120));
        let plan = Plan { round, total, rounds_min: 2, rounds_max: 3 };
        let (samples, log) = run(&[40, 10], plan);
        // A call to warm up, one that is long enough; 1, 2 and 4 of the shorter one; then rounds.
        assert_eq!(log, format!("{}{}{}", "aa", "bbbbbbbb", "abbbb".repeat(3)));
        assert_eq!(samples[0].min(), 40e-9);
        assert_eq!((samples[1].median() * 1e9).round(), 10.0);
    }

    #[test]
    fn quick_contestants_have_more_rounds_in_a_turn() {
        let plan = Plan { round: Duration::from_nanos(10), total: Duration::ZERO, rounds_min: 2, rounds_max: 2 };
        let (samples, log) = run(&[10, 30, 1000], plan);
        assert_eq!(log, format!("{}{}", "aabbcc", "aaaaaaaaaabbbbbbbbbbc".repeat(2)));
        assert_eq!(samples.iter().map(Samples::rounds).collect::<Vec<_>>(), [20, 20, 2]);
    }

    #[test]
    fn slow_contestants_get_few_rounds_but_some() {
        let plan = Plan::default();
        let (samples, log) = run(&[1_000_000_000], plan);
        assert_eq!((samples[0].rounds(), log.len()), (plan.rounds_min, plan.rounds_min + 2));
        let (samples, _) = run(&[10], plan);
        assert_eq!(samples[0].rounds(), plan.rounds_max);
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut left = 7;
        let mut calls: Vec<Call<'_, &str>> = vec![Box::new(|| {
            left -= 1;
            if left == 0 { Err("seventh") } else { Ok(()) }
        })];
        let plan = Plan { round: Duration::ZERO, ..Plan::default() };
        assert_eq!(measure(&mut calls, plan), Err("seventh"));
    }
}
