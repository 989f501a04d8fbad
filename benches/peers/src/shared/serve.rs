//! The loop of a worker: requests in, replies out, columns kept between them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::Instant;

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
    let mut data: Option<Data> = None;
    let mut ready: HashMap<(String, usize), Run> = HashMap::new();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let reply = match Request::parse(&line?) {
            Ok(request) => answer(peer, request, &mut data, &mut ready),
            Err(why) => Reply::Failed(why),
        };
        writeln!(out, "{}", reply.line())?;
        out.flush()?;
    }
    Ok(())
}

fn answer(
    peer: &dyn Peer,
    request: Request,
    data: &mut Option<Data>,
    ready: &mut HashMap<(String, usize), Run>,
) -> Reply {
    match (request, data) {
        (Request::Hello, _) => Reply::Ok(peer.versions()),
        (Request::Load(load), data) => {
            ready.clear();
            *data = None;
            match Data::read(&load) {
                Ok(read) => *data = Some(read),
                Err(e) => return Reply::Failed(format!("{}: {e}", load.folder.display())),
            }
            Reply::Ok(peer.variants(&load))
        }
        (Request::Unload, data) => {
            ready.clear();
            *data = None;
            Reply::Ok(vec![])
        }
        (_, None) => Reply::Failed("nothing is loaded".into()),
        (Request::Prepare { variant, threads }, Some(data)) => {
            let start = Instant::now();
            let Prepared { mut run, note } = match peer.prepare(&data.load, &variant, threads) {
                Ok(prepared) => prepared,
                Err(why) => return Reply::Refused(why),
            };
            let compiled = start.elapsed();
            data.out = Array::new(data.load.out, data.load.rows);
            data.out_valid.fill(0);
            if let Err(why) = run.run(data, 1) {
                return Reply::Failed(why);
            }
            run.finish(data);
            if let Err(e) = data.write_results() {
                return Reply::Failed(format!("the results: {e}"));
            }
            ready.insert((variant, threads), run);
            Reply::Ok(vec![format!("{:.3}", compiled.as_secs_f64() * 1e3), note])
        }
        (Request::Time { variant, threads, repeats }, Some(data)) => {
            let Some(run) = ready.get_mut(&(variant, threads)) else { return Reply::Failed("not prepared".into()) };
            let start = Instant::now();
            let ran = run.run(data, repeats);
            let taken = start.elapsed();
            ran.map_or_else(Reply::Failed, |()| Reply::Ok(vec![taken.as_nanos().to_string()]))
        }
    }
}
