//! A record that is reserved and not committed, for as long as we like, in any ring.

use std::{
    fs::File,
    io::Read as _,
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, bail};
use aya::{
    Btf, Ebpf,
    maps::{Array, ArrayOfMaps, MapData},
    programs::Iter,
};

use crate::sys::fault::AbsentPage;

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/hold"));

const PROGRAM: &str = "hold";
/// Longest wait for the program to get to the page.
const LIMIT_MS: i32 = 10_000;

/// The program that can hold a record of one ring.
#[derive(Debug)]
pub(crate) struct Holder {
    ebpf: Ebpf,
}

impl Holder {
    /// Loads it for this ring.
    pub(crate) fn load(ring: &MapData) -> Result<Self> {
        let mut ebpf = Ebpf::load(OBJECT).context("load the object of the program that holds a record")?;
        let btf = Btf::from_sys_fs().context("read the kernel's types")?;
        program(&mut ebpf)?.load("task", &btf).context(
            "load the program that holds a record: it sleeps, which iterators may since Linux 5.18",
        )?;
        let map = ebpf.map_mut("HELD_RING").context("no map HELD_RING")?;
        ArrayOfMaps::<_>::try_from(map)?.set(0, ring, 0).context("say which ring")?;
        Ok(Self { ebpf })
    }

    /// Returns once the program waits for a page, its record open.
    pub(crate) fn hold(&mut self) -> Result<Held> {
        let page = AbsentPage::new().context("make a page that is not there (userfaultfd; needs root)")?;
        let order = self.ebpf.map_mut("ORDER").context("no map ORDER")?;
        Array::<_, u64>::try_from(order)?.set(0, page.address(), 0).context("say where the page is")?;
        Held::start(self.open()?, page)
    }

    /// The program runs when this is read.
    fn open(&mut self) -> Result<File> {
        let program = program(&mut self.ebpf)?;
        let link = program.attach().context("make the iterator")?;
        program.take_link(link)?.into_file().context("open the iterator")
    }
}

fn program(ebpf: &mut Ebpf) -> Result<&mut Iter> {
    let program = ebpf.program_mut(PROGRAM).context("no program hold")?;
    program.try_into().context("kind of program hold")
}

/// The record is held while this is.
#[derive(Debug)]
pub(crate) struct Held {
    page: AbsentPage,
    reader: JoinHandle<std::io::Result<usize>>,
}

impl Held {
    fn start(mut file: File, page: AbsentPage) -> Result<Self> {
        let reader = thread::Builder::new()
            .name("hold".to_owned())
            .spawn(move || file.read(&mut [0; 16]))
            .context("start the thread that holds the record")?;
        if !page.wait_for_access(LIMIT_MS).context("wait for the fault")? {
            bail!("the program did not get to the page within {} s", LIMIT_MS / 1000);
        }
        Ok(Self { page, reader })
    }

    /// Lets the program give its record up; it has when this returns.
    pub(crate) fn let_go(self) -> Result<()> {
        self.page.fill().context("fill the page")?;
        match self.reader.join() {
            Ok(read) => read.map(drop).context("read the iterator"),
            Err(_) => bail!("the thread that held the record panicked"),
        }
    }
}
