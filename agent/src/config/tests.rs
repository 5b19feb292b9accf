//! Merging and checking, without a node.

use std::path::Path;

use super::*;

const LIMITS: Limits = Limits { page_bytes: 4096, memory_bytes: Some(8 << 30) };

fn args() -> AgentArgs {
    AgentArgs {
        config: None,
        listen: None,
        interval: None,
        whose: None,
        memory: None,
        memory_bytes: None,
        incident_dir: None,
        socket: None,
        probe: ProbeArgs { mode: None, ring_bytes: None, sample: None },
    }
}

fn ring(bytes: u64) -> Result<u32, ConfigError> {
    check_ring(ByteSize::b(bytes), LIMITS)
}

fn read(name: &str, text: &str) -> Result<File, FileError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    File::read(&path)
}

fn message(result: Result<File, FileError>) -> String {
    let text = result.unwrap_err().to_string();
    text.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn defaults() {
    let config = AgentConfig::new(&args(), &File::default(), LIMITS).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:9753");
    assert_eq!(config.interval, Duration::from_secs(1));
    let expected = Request { mode: Mode::Stream, sample: 64, ring_bytes: 8 << 20, processes: 0 };
    assert_eq!(config.request, expected);
}

#[test]
fn arguments_win_over_the_file() {
    let file = File { sample: Some(8), interval: Some(Duration::from_secs(5)), ..File::default() };
    let mut args = args();
    args.probe.sample = Some(2);
    let config = AgentConfig::new(&args, &file, LIMITS).unwrap();
    assert_eq!((config.request.sample, config.interval), (2, Duration::from_secs(5)));
}

#[test]
fn whose_is_off_where_nothing_may_be_attached() {
    let agent = |mode, whose, in_file| {
        let mut args = args();
        (args.probe.mode, args.whose) = (mode, whose);
        AgentConfig::new(&args, &File { whose: in_file, ..File::default() }, LIMITS)
            .map(|config| config.whose)
    };
    let passive = Some(Mode::Passive);
    assert_eq!(agent(None, None, None), Ok(Whose::Auto));
    assert_eq!(agent(None, None, Some(Whose::On)), Ok(Whose::On));
    assert_eq!(agent(None, Some(Whose::Off), Some(Whose::On)), Ok(Whose::Off));
    assert_eq!(agent(passive, None, None), Ok(Whose::Off));
    assert_eq!(agent(passive, Some(Whose::Auto), None), Ok(Whose::Off));
    assert_eq!(agent(passive, Some(Whose::On), None), Err(ConfigError::WhosePassive));
    assert_eq!(agent(passive, None, Some(Whose::On)), Err(ConfigError::WhosePassive));
    for (name, text) in [("c.yaml", "whose: on\n"), ("c.toml", "whose = 'on'\n")] {
        assert_eq!(read(name, text).unwrap().whose, Some(Whose::On), "no boolean");
    }
}

#[test]
fn rings_are_powers_of_two_between_a_page_and_half_the_memory() {
    assert_eq!(ring(4096), Ok(4096));
    assert_eq!(ring(1 << 31), Ok(1 << 31));
    let error = |bytes| ring(bytes).unwrap_err().to_string();
    assert_eq!(error(0), "ring size 0 B is not a power of two of at least 4.0 KiB: try 4.0 KiB");
    assert_eq!(error(2048), "ring size 2.0 KiB is not a power of two of at least 4.0 KiB: try 4.0 KiB");
    assert_eq!(error(5 << 20), "ring size 5.0 MiB is not a power of two of at least 4.0 KiB: try 8.0 MiB");
    assert_eq!(
        error((8 << 20) + 1),
        "ring size 8388609 B is not a power of two of at least 4.0 KiB: try 16.0 MiB",
        "8.0 MiB is one"
    );
    assert_eq!(
        error(8 << 30),
        "ring size 8.0 GiB is more than half of this node's memory (8.0 GiB): try 8.0 MiB"
    );
    assert_eq!(
        error(4 << 30),
        "ring size 4.0 GiB is not a power of two of at least 4.0 KiB: try 2.0 GiB",
        "a map has at most 2 GiB"
    );
}

#[test]
fn times_have_bounds() {
    let mut args = args();
    args.interval = Some(Duration::ZERO);
    let error = AgentConfig::new(&args, &File::default(), LIMITS).unwrap_err();
    assert_eq!(error.to_string(), "interval 0s is not between 100ms and 1m");
}

#[test]
fn yaml_and_toml_say_the_same() {
    let yaml =
        read("c.yaml", "listen: 0.0.0.0:9000\nmode: count\nring_bytes: 16MiB\nsample: 8\ninterval: 2s\n");
    let toml = read(
        "c.toml",
        "listen = '0.0.0.0:9000'\nmode = 'count'\nring_bytes = '16MiB'\nsample = 8\ninterval = '2s'\n",
    );
    let yaml = yaml.unwrap();
    assert_eq!(yaml, toml.unwrap());
    assert_eq!((yaml.mode, yaml.ring_bytes), (Some(Mode::Count), Some(ByteSize::mib(16))));
    assert_eq!(read("c.yml", "# nothing\n").unwrap(), File::default());
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let hint = |name, text| message(read(name, text));
    assert_eq!(hint("c.yaml", "ring-byte: 1\n"), "unknown key \"ring-byte\": did you mean \"ring_bytes\"?");
    assert_eq!(hint("c.toml", "smaple = 1\n"), "unknown key \"smaple\": did you mean \"sample\"?");
    assert_eq!(
        hint("c.yaml", "frobnicate: 1\n"),
        "unknown key \"frobnicate\": valid keys are listen, mode, ring_bytes, sample, interval, whose, memory, \
         memory_bytes, incident_dir, socket"
    );
}

#[test]
fn a_bad_value_shows_its_line_and_what_was_expected() {
    let expected = "line 2, `interval: 5`: expected a number with a unit, such as 500ms, 10s or 2m";
    assert_eq!(message(read("c.yaml", "sample: 8\ninterval: 5\n")), expected);
    let expected = "line 1, `sample = 0`: expected a whole number from 1";
    assert!(message(read("c.toml", "sample = 0\n")).starts_with(expected));
    let expected = "line 1, `ring_bytes = 'lots'`: expected a number of bytes";
    assert!(message(read("c.toml", "ring_bytes = 'lots'\n")).starts_with(expected));
    assert_eq!(read("c.yaml", "sample:\n").unwrap(), File::default());
}

#[test]
fn errors_are_one_line() {
    for (name, text) in [
        ("c.yaml", "sample: [1\n"),
        ("c.yaml", "sample: many\n"),
        ("c.yaml", "- a\n- b\n"),
        ("c.toml", "sample = = 1\n"),
        ("c.toml", "mode = 'fast'\n"),
        ("c.ini", "x"),
    ] {
        let error = read(name, text).unwrap_err().to_string();
        assert!(!error.contains('\n') && error.contains("c."), "{error:?}");
    }
    let error = File::read(Path::new("/nonexistent/c.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nonexistent/c.yaml: No such file"), "{error}");
}
