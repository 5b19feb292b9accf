//! The disk that temporary files lie on, as limits name it.

use std::{fs, os::linux::fs::MetadataExt as _, path::PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{major, minor};

/// `MAJOR:MINOR`; of the whole disk where the file system has a part of it, since parts cannot be limited.
pub(super) fn of_temporary_files() -> Result<String> {
    let folder = std::env::temp_dir();
    let device = fs::metadata(&folder).with_context(|| format!("look at {}", folder.display()))?.st_dev();
    let number = format!("{}:{}", major(device), minor(device));
    let block = PathBuf::from("/sys/dev/block").join(&number);
    if !block.join("partition").exists() {
        return Ok(number);
    }
    let parent = fs::canonicalize(&block).context("find the disk")?.with_file_name("dev");
    Ok(fs::read_to_string(&parent).with_context(|| format!("read {}", parent.display()))?.trim().to_owned())
}
