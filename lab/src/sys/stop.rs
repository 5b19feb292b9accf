//! SIGINT and SIGTERM ask us to stop.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

extern "C" fn ask(_signal: libc::c_int) {
    ASKED.store(true, Ordering::Relaxed);
}

/// From here on the two signals only set what [`is_asked`] reads.
pub(crate) fn on_signals() {
    let handler = ask as extern "C" fn(libc::c_int) as libc::sighandler_t;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handler does nothing but store into an atomic.
        unsafe { libc::signal(signal, handler) };
    }
}

/// Whether one of them has come.
pub(crate) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
