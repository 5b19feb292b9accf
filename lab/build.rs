//! Builds the stand-in's programs and leaves them in `OUT_DIR` for `standin::layout` to embed, in the way of
//! agent/build.rs.

use std::{env, path::Path};

use anyhow::{Context as _, Result};
use aya_build::{Package, Toolchain};

/// Where xtask installs bpf-linker, seen from this package.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin");
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ebpf");

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=../rust-toolchain.toml");
    let mut path = vec![Path::new(TOOLS).to_path_buf()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(path).context("PATH")?;
    // These programs need build-std; the rest stays on stable.
    // SAFETY: a build script has one thread.
    unsafe {
        env::set_var("PATH", path);
        env::set_var("RUSTC_BOOTSTRAP", "1");
        env::set_var("CARGO_TERM_QUIET", "true");
    }
    let toolchain =
        env::var("RUSTUP_TOOLCHAIN").unwrap_or_else(|_| env!("CARGO_PKG_RUST_VERSION").to_owned());
    aya_build::build_ebpf(
        [Package { name: "lab-ebpf", root_dir: PROGRAMS, ..Default::default() }],
        Toolchain::Custom(&toolchain),
    )
    .context("build the stand-in's programs (they need bpf-linker and rust-src: `cargo xtask run`)")
}
