//! Which of the named files is to blame. The engine says what is wrong with a Parquet file, but not with which.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use filbert_ir::Code;

use crate::failure::{Failure, reason};

/// Files looked at in a folder or glob.
const FILES_MAX: usize = 100_000;
const MAGIC: &[u8; 4] = b"PAR1";

/// The place does not exist, or nothing matches. Locations of other stores (`s3://...`) are the engine's business.
pub(crate) fn missing(location: &str) -> Option<Failure> {
    if location.contains("://") {
        return None;
    }
    if is_glob(location) {
        let none = files(location).is_empty();
        return none.then(|| Failure::new(Code::Input, format!("cannot read {location}: no file matches")));
    }
    Path::new(location).metadata().err().map(|error| Failure::input(Path::new(location), &error))
}

/// The first Parquet file of a location that is not whole.
pub(crate) fn broken_parquet(location: &str) -> Option<Failure> {
    let (why, file) = files(location).into_iter().find_map(|file| Some((broken(&file)?, file)))?;
    Some(Failure::new(Code::Input, format!("cannot read {}: {why}", file.display())))
}

/// Whether a place that is not declared to hold Parquet files may do so.
pub(crate) fn may_be_parquet(location: &str) -> bool {
    let place = Path::new(location);
    place.is_dir() || place.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

fn is_glob(location: &str) -> bool {
    location.contains(['*', '?', '['])
}

fn files(location: &str) -> Vec<PathBuf> {
    let place = Path::new(location);
    let pattern = match () {
        () if place.is_file() => return vec![place.to_path_buf()],
        () if place.is_dir() => format!("{}/**/*.parquet", glob::Pattern::escape(location.trim_end_matches('/'))),
        () => location.to_string(),
    };
    glob::glob(&pattern).into_iter().flatten().flatten().take(FILES_MAX).collect()
}

/// What a Parquet file without its end looks like.
fn broken(path: &Path) -> Option<String> {
    match tail(path) {
        Err(error) => Some(reason(&error)),
        Ok((length, _)) if length < 12 => Some(format!("it has {length} bytes, too few for a Parquet file")),
        Ok((_, tail)) if tail[4..] != *MAGIC => {
            Some("its end is missing: it was cut short, or is not a Parquet file".to_string())
        }
        Ok((length, tail)) => {
            let footer = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
            (u64::from(footer) + 12 > length)
                .then(|| format!("its footer should have {footer} bytes, the file has {length}"))
        }
    }
}

/// Length of the file and its last eight bytes: length of the footer, magic.
fn tail(path: &Path) -> std::io::Result<(u64, [u8; 8])> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut tail = [0; 8];
    if length >= 12 {
        file.seek(SeekFrom::End(-8))?;
        file.read_exact(&mut tail)?;
    }
    Ok((length, tail))
}
