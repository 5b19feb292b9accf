//! A record that is reserved and not committed, for as long as we like.

use std::{
    io::Read as _,
    sync::Arc,
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, bail};

use super::programs::Holder;
use crate::sys::fault::AbsentPage;

/// Longest wait for the program to get to the page.
const LIMIT_MS: i32 = 10_000;

/// The record is held while this is.
pub(super) struct Held {
    page: Arc<AbsentPage>,
    reader: JoinHandle<std::io::Result<usize>>,
}

impl Held {
    /// Returns once the program waits for the page, its record open.
    pub(super) fn start(holder: Holder) -> Result<Self> {
        let Holder { mut file, page } = holder;
        let page = Arc::new(page);
        let reader = thread::Builder::new()
            .name("hold".to_owned())
            .spawn(move || file.read(&mut [0; 16]))
            .context("start the thread that holds the record")?;
        if !page.wait_for_access(LIMIT_MS).context("wait for the fault")? {
            bail!("the program did not get to the page within {} s", LIMIT_MS / 1000);
        }
        Ok(Self { page, reader })
    }

    /// Lets the program commit its record; it has when this returns.
    pub(super) fn let_go(self) -> Result<()> {
        self.page.fill().context("fill the page")?;
        match self.reader.join() {
            Ok(read) => read.map(drop).context("read the iterator"),
            Err(_) => bail!("the thread that held the record panicked"),
        }
    }
}
