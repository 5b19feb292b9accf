//! Where things lie: the root of the clone and its target folder.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The root of the clone: the one cargo runs us from, else the one we were built in.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let built_in = || OsString::from(env!("CARGO_MANIFEST_DIR"));
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(built_in));
        package.parent().map(Path::to_path_buf).unwrap_or(package)
    })
}

/// A path under `target/`. Not `CARGO_TARGET_DIR`: agent/build.rs looks for the tools here.
pub(crate) fn target(below: &str) -> PathBuf {
    root().join("target").join(below)
}

/// A path as a reader of the terminal wants it: relative to the clone.
pub(crate) fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}
