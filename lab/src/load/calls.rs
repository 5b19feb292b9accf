//! The calls themselves, counted by kind.

use std::ffi::CString;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{
    cli::{Kind, LoadArgs},
    sys::call,
    value,
};

/// Calls made, by kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Made {
    getpgrp: u64,
    close: u64,
    open: u64,
    openat: u64,
    read: u64,
    write: u64,
}

impl Made {
    pub(super) fn total(self) -> u64 {
        self.getpgrp + self.close + self.open + self.openat + self.read + self.write
    }
}

/// Makes calls.
pub(super) struct Calls {
    kind: Kind,
    getpgrp: i64,
    open: i64,
    path: CString,
    data: Vec<u8>,
    chance: u64,
    made: Made,
}

impl Calls {
    pub(super) fn new(arguments: &LoadArgs) -> Result<Self> {
        Ok(Self {
            kind: arguments.syscall,
            getpgrp: number("getpgrp")?,
            open: number("open")?,
            path: path(arguments.record_bytes)?,
            data: vec![b'w'; arguments.write_bytes as usize],
            // The sequence below stays at 0 for ever.
            chance: arguments.seed.max(1),
            made: Made::default(),
        })
    }

    /// Makes this many.
    pub(super) fn make(&mut self, calls: u64) {
        for _ in 0..calls {
            self.one(self.kind);
        }
    }

    pub(super) fn made(&self) -> Made {
        self.made
    }

    fn any(&mut self) -> Kind {
        // Marsaglia's xorshift.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        match self.chance % 5 {
            0 => Kind::Getpgrp,
            1 => Kind::Close,
            2 => Kind::Open,
            3 => Kind::Openat,
            _ => Kind::Read,
        }
    }

    fn one(&mut self, kind: Kind) {
        let count = match kind {
            Kind::Getpgrp => {
                call::plain(self.getpgrp);
                &mut self.made.getpgrp
            }
            Kind::Close => {
                call::close();
                &mut self.made.close
            }
            Kind::Open => {
                call::open(self.open, &self.path);
                &mut self.made.open
            }
            Kind::Openat => {
                call::openat(&self.path);
                &mut self.made.openat
            }
            Kind::Read => {
                call::read();
                &mut self.made.read
            }
            Kind::Write => {
                call::write(&self.data);
                &mut self.made.write
            }
            Kind::Mix => {
                let kind = self.any();
                return self.one(kind);
            }
        };
        *count += 1;
    }
}

fn number(name: &str) -> Result<i64> {
    Ok(i64::from(value::syscall(name)?.id()))
}

/// A path to nothing. A record of openat has 8 bytes of the ring's header, 56 before the path, the path with its
/// NUL, and 20 after it.
fn path(record_bytes: u16) -> Result<CString> {
    const NAME: &str = "absent";
    let length = usize::from(record_bytes) - (8 + 56 + 1 + 20);
    CString::new("/".repeat(length - NAME.len()) + NAME).context("build the path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_the_length_that_makes_the_record() {
        assert_eq!(path(96).unwrap().as_bytes(), b"/////absent");
        assert_eq!(path(4176).unwrap().as_bytes().len(), 4091);
    }
}
