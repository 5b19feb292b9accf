//! Files under a temporary name, in the folder in which they are going to be.

use std::{io, path::Path};

use tempfile::{Builder, NamedTempFile};

/// Makes one. tempfile adds its own path to the message of an error, which nobody asked for: here it does not.
pub(crate) fn file_in(folder: &Path, builder: &Builder<'_, '_>) -> io::Result<NamedTempFile> {
    builder.tempfile_in(folder).map_err(|error| {
        let text = error.to_string();
        io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or(&text).to_owned())
    })
}
