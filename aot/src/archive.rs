//! Archives: `ar` files with an index of symbols, in the GNU form that linkers on ELF systems read.

use std::io::Cursor;

use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};

use crate::AotError;

/// An archive of one object. Times and owners are zero.
pub(crate) fn archive(name: &str, object: &[u8]) -> Result<Vec<u8>, AotError> {
    let members = [NewArchiveMember::new(object, &DEFAULT_OBJECT_READER, name.to_string())];
    let mut bytes = Cursor::new(Vec::new());
    write_archive_to_stream(&mut bytes, &members, ArchiveKind::Gnu, false, None).map_err(AotError::internal)?;
    Ok(bytes.into_inner())
}
