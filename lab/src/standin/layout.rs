//! The layouts of the kernel counters over the years: the names of their words, and the programs that write them.

use clap::ValueEnum;

/// Which releases of Falco's libraries they are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// 24 bytes: libs 0.10 and older, Falco up to 0.34.
    V0,
    /// 120 bytes: libs 0.11 and 0.12, Falco 0.35.
    V1,
    /// 136 bytes: libs 0.13 to 0.21, Falco 0.36 to 0.41.
    V2,
    /// 104 bytes: libs 0.22 to 0.25, Falco 0.42 to 0.44.
    V3,
}

macro_rules! object {
    ($name:literal) => {
        aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

static OBJECTS: [&[u8]; 4] =
    [object!("standin-v0"), object!("standin-v1"), object!("standin-v2"), object!("standin-v3")];

const V0: [&str; 3] = ["n_evts", "n_drops_buffer", "n_drops_max_event_size"];

const V1: [&str; 15] = [
    "n_evts",
    "n_drops_buffer",
    "n_drops_buffer_clone_fork_enter",
    "n_drops_buffer_clone_fork_exit",
    "n_drops_buffer_execve_enter",
    "n_drops_buffer_execve_exit",
    "n_drops_buffer_connect_enter",
    "n_drops_buffer_connect_exit",
    "n_drops_buffer_open_enter",
    "n_drops_buffer_open_exit",
    "n_drops_buffer_dir_file_enter",
    "n_drops_buffer_dir_file_exit",
    "n_drops_buffer_other_interest_enter",
    "n_drops_buffer_other_interest_exit",
    "n_drops_max_event_size",
];

const V2: [&str; 17] = [
    "n_evts",
    "n_drops_buffer",
    "n_drops_buffer_clone_fork_enter",
    "n_drops_buffer_clone_fork_exit",
    "n_drops_buffer_execve_enter",
    "n_drops_buffer_execve_exit",
    "n_drops_buffer_connect_enter",
    "n_drops_buffer_connect_exit",
    "n_drops_buffer_open_enter",
    "n_drops_buffer_open_exit",
    "n_drops_buffer_dir_file_enter",
    "n_drops_buffer_dir_file_exit",
    "n_drops_buffer_other_interest_enter",
    "n_drops_buffer_other_interest_exit",
    "n_drops_buffer_close_exit",
    "n_drops_buffer_proc_exit",
    "n_drops_max_event_size",
];

const V3: [&str; 13] = [
    "n_evts",
    "n_drops_buffer",
    "n_drops_buffer_clone_fork_exit",
    "n_drops_buffer_execve_exit",
    "n_drops_buffer_connect_enter",
    "n_drops_buffer_connect_exit",
    "n_drops_buffer_open_enter",
    "n_drops_buffer_open_exit",
    "n_drops_buffer_dir_file_exit",
    "n_drops_buffer_other_interest_exit",
    "n_drops_buffer_close_exit",
    "n_drops_buffer_proc_exit",
    "n_drops_max_event_size",
];

impl Layout {
    /// The names of the words, in their order.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::V0 => &V0,
            Self::V1 => &V1,
            Self::V2 => &V2,
            Self::V3 => &V3,
        }
    }

    /// The programs.
    pub(super) fn object(self) -> &'static [u8] {
        OBJECTS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_falco() {
        let bytes = Layout::value_variants().iter().map(|layout| 8 * layout.names().len());
        assert_eq!(bytes.collect::<Vec<_>>(), [24, 120, 136, 104]);
    }
}
