//! Pages that tests compare with accepted ones in tests/golden.

use std::{fs, path::PathBuf};

/// Fails where a page is not as it was accepted.
pub(crate) fn golden(name: &str, page: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("DROPCTL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page).unwrap();
    }
    let accepted = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, accepted, "{} differs; `cargo xtask bless` accepts it", path.display());
}
