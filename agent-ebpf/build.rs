//! Rebuilds the kernel half when the linker changes: cargo does not know that it is an input.

fn main() {
    if let Ok(linker) = which::which("bpf-linker") {
        println!("cargo:rerun-if-changed={}", linker.display());
    }
}
