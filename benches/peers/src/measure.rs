//! A group: one kernel over columns of one type and size, by everybody who can, in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use filbert_ir::random::Rng;

use crate::cases::Case;
use crate::data;
use crate::reference::{self, Reference};
use crate::shared::protocol::{Load, Ty};
use crate::stats::{self, Times};
use crate::worker::{No, Worker};

/// What is computed.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) case: &'static Case,
    pub(crate) ty: Ty,
    pub(crate) elements: usize,
    pub(crate) threads: usize,
}

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Rounds, if there is time.
    pub(crate) rounds: usize,
    /// The fewest rounds.
    pub(crate) rounds_min: usize,
    /// Of all rounds together.
    pub(crate) total: Duration,
    /// Of one batch of a turn; there are as many repetitions as that takes.
    pub(crate) batch: Duration,
}

/// One peer's part of a group.
pub(crate) struct Entry {
    pub(crate) variant: String,
    pub(crate) milliseconds: f64,
    pub(crate) note: String,
    /// The greatest error, in parts of what is allowed.
    pub(crate) error: f64,
    pub(crate) repeats: u64,
    /// Nanoseconds an element, by round.
    pub(crate) rounds: Vec<f64>,
}

impl Entry {
    pub(crate) fn times(&self) -> Times {
        Times::of(&self.rounds)
    }
}

/// What came of a group.
pub(crate) struct Outcome {
    pub(crate) group: Group,
    pub(crate) entries: Vec<Entry>,
    /// Variants that are not timed, and why.
    pub(crate) left_out: Vec<(String, String)>,
    /// Mean of a result that counts steps.
    pub(crate) steps: f64,
}

impl Outcome {
    /// The part of a peer.
    pub(crate) fn entry(&self, variant: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.variant == variant)
    }

    /// Their time as a multiple of ours.
    pub(crate) fn ratio(&self, theirs: &str, ours: &str) -> Option<f64> {
        Some(stats::ratio(&self.entry(theirs)?.rounds, &self.entry(ours)?.rounds))
    }
}

/// Measures a group: columns for all, each result checked, then rounds in which everybody has a turn.
pub(crate) fn measure(
    group: Group,
    workers: &mut [Worker],
    wanted: &dyn Fn(&str) -> bool,
    folder: &Path,
    patience: Patience,
) -> Result<Outcome, String> {
    let Group { case, ty, elements, threads } = group;
    let load = Load {
        function: case.function.into(),
        ty,
        out: case.out(ty),
        rows: case.out_len(elements),
        inputs: case.columns.len(),
        nulls: case.nulls > 0,
        folder: folder.into(),
    };
    let columns = data::columns(case, ty, elements);
    let right = Reference::of(case, &load, &columns)?;
    let valid = columns.both_valid(elements);
    columns.write(&load).map_err(|e| format!("{}: {e}", folder.display()))?;
    drop(columns);
    let mut outcome = Outcome { group, entries: Vec::new(), left_out: Vec::new(), steps: right.mean() };
    let mut who = Vec::new();
    for (index, worker) in workers.iter_mut().enumerate() {
        let variants = match worker.load(&load) {
            Ok(variants) => variants,
            Err(No::Refused(why) | No::Failed(why)) => {
                outcome.left_out.push((worker.name.into(), why));
                continue;
            }
        };
        for variant in variants.into_iter().filter(|variant| wanted(variant)) {
            reference::forget(folder);
            let checked = worker.prepare(&variant, threads).and_then(|ready| {
                let error = reference::check(case, &load, &right, valid.as_deref(), elements).map_err(No::Failed)?;
                Ok((ready, error, repeats(worker, &variant, threads, patience.batch)?))
            });
            match checked {
                Ok((ready, error, repeats)) => {
                    who.push(index);
                    let (milliseconds, note) = (ready.milliseconds, ready.note);
                    outcome.entries.push(Entry { variant, milliseconds, note, error, repeats, rounds: Vec::new() });
                }
                Err(No::Refused(why) | No::Failed(why)) => outcome.left_out.push((variant, why)),
            }
        }
    }
    data::remove(folder);
    take_turns(&mut outcome, &who, workers, patience);
    workers.iter_mut().for_each(Worker::unload);
    outcome.entries.retain(|entry| !entry.rounds.is_empty());
    Ok(outcome)
}

/// So many repetitions take about one batch.
fn repeats(worker: &mut Worker, variant: &str, threads: usize, batch: Duration) -> Result<u64, No> {
    let wanted = batch.as_nanos() as f64;
    let mut repeats = 1;
    loop {
        let taken = worker.time(variant, threads, repeats)?.max(1.0);
        if taken > wanted / 2.0 || repeats >= 1 << 24 {
            return Ok(((repeats as f64 * wanted / taken).round() as u64).max(1));
        }
        repeats = (repeats as f64 * (wanted / taken).clamp(2.0, 64.0)) as u64;
    }
}

fn shuffle(order: &mut [usize], rng: &mut Rng) {
    for last in (1..order.len()).rev() {
        order.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
    }
}

fn take_turns(outcome: &mut Outcome, who: &[usize], workers: &mut [Worker], patience: Patience) {
    let start = Instant::now();
    let (elements, threads) = (outcome.group.elements as f64, outcome.group.threads);
    let mut lost = vec![None; who.len()];
    let (mut order, mut rng) = ((0..who.len()).collect::<Vec<usize>>(), Rng::new(0x7042));
    for round in 0..patience.rounds {
        if round >= patience.rounds_min && start.elapsed() > patience.total {
            break;
        }
        // In another order each round, so that nobody always follows the same neighbour.
        shuffle(&mut order, &mut rng);
        for &at in &order {
            let entry = &mut outcome.entries[at];
            if lost[at].is_some() {
                continue;
            }
            let worker = &mut workers[who[at]];
            match worker.time(&entry.variant, threads, entry.repeats) {
                Ok(taken) => entry.rounds.push(taken / entry.repeats as f64 / elements),
                Err(No::Refused(why) | No::Failed(why)) => lost[at] = Some(why),
            }
        }
    }
    for (entry, why) in outcome.entries.iter_mut().zip(lost) {
        if let Some(why) = why {
            entry.rounds.clear();
            outcome.left_out.push((entry.variant.clone(), why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffled_order_has_everybody_once() {
        let (mut order, mut rng) = ((0..10).collect::<Vec<usize>>(), Rng::new(1));
        let before = order.clone();
        shuffle(&mut order, &mut rng);
        assert_ne!(order, before);
        order.sort_unstable();
        assert_eq!(order, before);
    }
}
