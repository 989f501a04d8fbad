//! The lines between the command and its workers, on standard input and output: one request, one reply, words
//! parted by tabs. The worker in Python (`python/worker.py`) speaks the same.
//!
//! ```text
//!   hello                                              -> ok  name=version ...
//!   load FUNCTION TYPE OUT_TYPE ROWS INPUTS NULLS DIR  -> ok  variant ...
//!   prepare VARIANT THREADS                            -> ok  milliseconds  note
//!   time VARIANT THREADS REPEATS                       -> ok  nanoseconds
//!   unload                                             -> ok
//! ```
//!
//! A reply begins with `ok`, with `refused` (this variant cannot do it, and why) or with `failed`.

use std::fmt;
use std::path::PathBuf;

/// Type of the elements of a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Ty {
    F64,
    F32,
    I64,
    I32,
}

impl Ty {
    pub(crate) const ALL: [Ty; 4] = [Ty::F64, Ty::F32, Ty::I64, Ty::I32];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Ty::F64 => "f64",
            Ty::F32 => "f32",
            Ty::I64 => "i64",
            Ty::I32 => "i32",
        }
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Ty::F64 | Ty::I64 => 8,
            Ty::F32 | Ty::I32 => 4,
        }
    }

    pub(crate) fn of(name: &str) -> Option<Ty> {
        Ty::ALL.into_iter().find(|ty| ty.name() == name)
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Columns in files and what is computed of them: `in0.bin` and so on of type `ty`, with `valid0.bin` and so on
/// (Arrow's bits) if there are nulls. Results go to `out.bin` and `out_valid.bin`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Load {
    /// The kernel's name, the same in every language.
    pub(crate) function: String,
    pub(crate) ty: Ty,
    pub(crate) out: Ty,
    /// Elements of the result.
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    pub(crate) nulls: bool,
    pub(crate) folder: PathBuf,
}

/// What a worker is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    /// Who are you?
    Hello,
    /// Read these columns; which variants of the kernel do you have?
    Load(Load),
    /// Compile one, run it once, and write its results.
    Prepare { variant: String, threads: usize },
    /// Run it so many times, in several batches, and say how long the fastest batch took.
    Time { variant: String, threads: usize, repeats: u64 },
    /// Forget the columns and what was compiled for them.
    Unload,
}

impl Request {
    /// The line of a request.
    pub(crate) fn line(&self) -> String {
        match self {
            Request::Hello => "hello".into(),
            Request::Load(load) => {
                let Load { function, ty, out, rows, inputs, nulls, folder } = load;
                let nulls = u8::from(*nulls);
                format!("load\t{function}\t{ty}\t{out}\t{rows}\t{inputs}\t{nulls}\t{}", folder.display())
            }
            Request::Prepare { variant, threads } => format!("prepare\t{variant}\t{threads}"),
            Request::Time { variant, threads, repeats } => format!("time\t{variant}\t{threads}\t{repeats}"),
            Request::Unload => "unload".into(),
        }
    }

    /// The request that a line is.
    pub(crate) fn parse(line: &str) -> Result<Request, String> {
        let words: Vec<&str> = line.trim_end_matches(['\n', '\r']).split('\t').collect();
        let wrong = || format!("not a request: {line:?}");
        let number = |word: &str| word.parse::<usize>().map_err(|_| wrong());
        Ok(match words[..] {
            ["hello"] => Request::Hello,
            ["unload"] => Request::Unload,
            ["prepare", variant, threads] => Request::Prepare { variant: variant.into(), threads: number(threads)? },
            ["time", variant, threads, repeats] => {
                Request::Time { variant: variant.into(), threads: number(threads)?, repeats: number(repeats)? as u64 }
            }
            ["load", function, ty, out, rows, inputs, nulls, folder] => Request::Load(Load {
                function: function.into(),
                ty: Ty::of(ty).ok_or_else(wrong)?,
                out: Ty::of(out).ok_or_else(wrong)?,
                rows: number(rows)?,
                inputs: number(inputs)?,
                nulls: nulls == "1",
                folder: folder.into(),
            }),
            _ => return Err(wrong()),
        })
    }
}

/// What a worker answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    Ok(Vec<String>),
    /// It cannot, for this reason; nothing is broken.
    Refused(String),
    /// Something is broken.
    Failed(String),
}

impl Reply {
    /// The line of a reply: whatever would break the line is a space.
    pub(crate) fn line(&self) -> String {
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        match self {
            Reply::Ok(words) => {
                std::iter::once("ok".into()).chain(words.iter().map(|word| plain(word))).collect::<Vec<_>>().join("\t")
            }
            Reply::Refused(why) => format!("refused\t{}", plain(why)),
            Reply::Failed(why) => format!("failed\t{}", plain(why)),
        }
    }

    /// The reply that a line is.
    pub(crate) fn parse(line: &str) -> Result<Reply, String> {
        let mut words = line.trim_end_matches(['\n', '\r']).split('\t').map(str::to_string);
        let kind = words.next().unwrap_or_default();
        let rest: Vec<String> = words.collect();
        match kind.as_str() {
            "ok" => Ok(Reply::Ok(rest)),
            "refused" => Ok(Reply::Refused(rest.join(" "))),
            "failed" => Ok(Reply::Failed(rest.join(" "))),
            _ => Err(format!("not a reply: {line:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_were_written() {
        let load = Load {
            function: "saxpy".into(),
            ty: Ty::F32,
            out: Ty::I32,
            rows: 4096,
            inputs: 2,
            nulls: true,
            folder: "/some where/else".into(),
        };
        let requests = [
            Request::Hello,
            Request::Load(load),
            Request::Prepare { variant: "numba-fast".into(), threads: 2 },
            Request::Time { variant: "rustc".into(), threads: 1, repeats: 12_345_678_901 },
            Request::Unload,
        ];
        for request in requests {
            let line = request.line();
            assert!(!line.contains('\n'));
            assert_eq!(Request::parse(&(line + "\n")), Ok(request));
        }
    }

    #[test]
    fn replies_are_read_as_they_were_written() {
        for reply in [Reply::Ok(vec![]), Reply::Ok(vec!["1.5".into(), "two words".into()]), Reply::Refused("no".into())]
        {
            assert_eq!(Reply::parse(&(reply.line() + "\n")), Ok(reply));
        }
        let two_lines = Reply::Failed("a\nb\tc".into());
        assert_eq!(Reply::parse(&two_lines.line()), Ok(Reply::Failed("a b c".into())));
    }

    #[test]
    fn what_is_neither_is_an_error() {
        for line in ["", "hello you", "time\tx\t1\tmany", "load\tf\tf16\tf64\t1\t1\t0\t/", "prepare\tx"] {
            assert!(Request::parse(line).is_err(), "{line}");
        }
        assert!(Reply::parse("Traceback").is_err());
    }
}
