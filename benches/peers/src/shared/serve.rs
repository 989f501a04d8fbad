//! The loop of a worker: requests in, replies out, columns kept between them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use super::array::Array;
use super::protocol::{Load, Reply, Request};

/// The columns of a load.
pub(crate) struct Data {
    pub(crate) load: Load,
    pub(crate) inputs: Vec<Array>,
    /// Arrow's bits of each input, if there are nulls.
    pub(crate) valid: Vec<Vec<u8>>,
    pub(crate) out: Array,
    /// Arrow's bits of the result, if there are nulls.
    pub(crate) out_valid: Vec<u8>,
}

impl Data {
    fn read(load: &Load) -> io::Result<Data> {
        let inputs = (0..load.inputs).map(|i| Array::read(load.ty, &load.folder.join(format!("in{i}.bin"))));
        let valid =
            (0..load.inputs).filter(|_| load.nulls).map(|i| fs::read(load.folder.join(format!("valid{i}.bin"))));
        let bits = if load.nulls { load.rows.div_ceil(8) } else { 0 };
        Ok(Data {
            inputs: inputs.collect::<Result<_, _>>()?,
            valid: valid.collect::<Result<_, _>>()?,
            out: Array::new(load.out, load.rows),
            out_valid: vec![0; bits],
            load: load.clone(),
        })
    }

    fn write_results(&self) -> io::Result<()> {
        self.out.write(&self.load.folder.join("out.bin"))?;
        if self.load.nulls { fs::write(self.load.folder.join("out_valid.bin"), &self.out_valid) } else { Ok(()) }
    }
}

/// A compiled kernel.
pub(crate) trait Compiled {
    /// Computes all rows so many times.
    fn run(&mut self, data: &mut Data, times: u64) -> Result<(), String>;

    /// Brings the last results into `data`, where `run` leaves them elsewhere.
    fn finish(&mut self, _data: &mut Data) {}
}

impl<F: FnMut(&mut Data, u64) -> Result<(), String>> Compiled for F {
    fn run(&mut self, data: &mut Data, times: u64) -> Result<(), String> {
        self(data, times)
    }
}

/// What is compiled, whatever it is.
pub(crate) type Run = Box<dyn Compiled>;

/// A kernel that is ready, and a word about it.
pub(crate) struct Prepared {
    pub(crate) run: Run,
    pub(crate) note: String,
}

/// What a worker can do.
pub(crate) trait Peer {
    /// Versions of what it is made of, each `name=version`.
    fn versions(&self) -> Vec<String>;
    /// The variants that it has of a kernel.
    fn variants(&self, load: &Load) -> Vec<String>;
    /// Compiles a variant. `Err` says why it cannot.
    fn prepare(&self, load: &Load, variant: &str, threads: usize) -> Result<Prepared, String>;
}

/// Answers until the input ends.
pub(crate) fn serve(peer: &dyn Peer) -> io::Result<()> {
    let mut session = Session::new(peer);
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", session.answer(&line?))?;
        out.flush()?;
    }
    Ok(())
}

/// What a worker keeps between requests.
pub(crate) struct Session<'p> {
    peer: &'p dyn Peer,
    data: Option<Data>,
    ready: HashMap<(String, usize), Run>,
}

impl<'p> Session<'p> {
    pub(crate) fn new(peer: &'p dyn Peer) -> Session<'p> {
        Session { peer, data: None, ready: HashMap::new() }
    }

    /// The reply to a line.
    pub(crate) fn answer(&mut self, line: &str) -> String {
        let failed = Reply::Failed;
        let reply = match Request::parse(line) {
            Err(why) => failed(why),
            Ok(Request::Hello) => Reply::Ok(self.peer.versions()),
            Ok(Request::Load(load)) => self.load(&load).map_or_else(failed, Reply::Ok),
            Ok(Request::Prepare { variant, threads }) => self.prepare(&variant, threads).unwrap_or_else(|reply| reply),
            Ok(Request::Time { variant, threads, repeats }) => {
                let time = |taken: Duration| Reply::Ok(vec![taken.as_nanos().to_string()]);
                self.time(variant, threads, repeats).map_or_else(failed, time)
            }
            Ok(Request::Unload) => {
                self.forget();
                Reply::Ok(vec![])
            }
        };
        reply.line()
    }

    fn forget(&mut self) {
        self.ready.clear();
        self.data = None;
    }

    /// Reads columns, and gives the variants of their kernel.
    pub(crate) fn load(&mut self, load: &Load) -> Result<Vec<String>, String> {
        self.forget();
        self.data = Some(Data::read(load).map_err(|e| format!("{}: {e}", load.folder.display()))?);
        Ok(self.peer.variants(load))
    }

    /// Compiles a variant, runs it once, and writes its results. `Err` is the reply that says why not.
    pub(crate) fn prepare(&mut self, variant: &str, threads: usize) -> Result<Reply, Reply> {
        let data = self.data.as_mut().ok_or_else(nothing).map_err(Reply::Failed)?;
        let start = Instant::now();
        let Prepared { mut run, note } = self.peer.prepare(&data.load, variant, threads).map_err(Reply::Refused)?;
        let compiled = start.elapsed();
        // What another left there is not taken for this one's.
        data.out = Array::new(data.load.out, data.load.rows);
        data.out_valid.fill(0);
        run.run(data, 1).map_err(Reply::Failed)?;
        run.finish(data);
        data.write_results().map_err(|e| Reply::Failed(format!("the results: {e}")))?;
        self.ready.insert((variant.into(), threads), run);
        Ok(Reply::Ok(vec![format!("{:.3}", compiled.as_secs_f64() * 1e3), note]))
    }

    fn time(&mut self, variant: String, threads: usize, repeats: u64) -> Result<Duration, String> {
        let data = self.data.as_mut().ok_or_else(nothing)?;
        let run = self.ready.get_mut(&(variant, threads)).ok_or("not prepared")?;
        let mut least = Duration::MAX;
        for _ in 0..BATCHES {
            let start = Instant::now();
            run.run(data, repeats)?;
            least = least.min(start.elapsed());
        }
        Ok(least)
    }
}

/// A turn is so many batches, of which the fastest counts: the first finds cold caches, and any may be interrupted
/// by whoever else wants the processor.
const BATCHES: usize = 4;

fn nothing() -> String {
    "nothing is loaded".into()
}
