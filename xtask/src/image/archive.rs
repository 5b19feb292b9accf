//! Tar archives whose bytes depend on their contents alone.

use anyhow::{Context as _, Result};

/// A file of an archive: path, permissions, contents.
pub(super) type Entry<'a> = (String, u32, &'a [u8]);

/// Entries sorted by path, owned by root, all of the same moment.
pub(super) fn tar(mut entries: Vec<Entry<'_>>) -> Result<Vec<u8>> {
    entries.sort();
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, contents) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(contents.len() as u64);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive.append_data(&mut header, &path, contents).with_context(|| format!("add {path}"))?;
    }
    archive.into_inner().context("finish the archive")
}
