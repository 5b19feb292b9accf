//! Falco's command line, as /proc/PID/cmdline has it: where its configuration is and what overrides it.
//!
//! The grammar is that of cxxopts, which Falco uses (userspace/falco/app/options.cpp): grouped short options, a value
//! attached or in the next argument. Options that do not bear on drops are skipped.

use std::path::PathBuf;

use super::config::Engine;

/// Where Falco looks without `-c`.
const DEFAULT_CONFIG: &str = "/etc/falco/falco.yaml";
/// Short options that take no value, in any version; all others take one.
const SHORT_FLAGS: &str = "hAbdiLNUuv";

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Main configuration file as written: may be relative to the process's working directory.
    pub config_file: PathBuf,
    /// Each `-o key=value`, in order, as written.
    pub options: Vec<String>,
    /// Driver chosen here (`--modern-bpf`, `--nodriver`, `-u`, `-g`, `-e`: up to 0.37).
    pub engine: Option<Engine>,
    /// `-A`: all syscalls (up to 0.39, then `base_syscalls.all`).
    pub all_events: bool,
}

impl CommandLine {
    /// Reads arguments that are separated by zero bytes. `None` where there are none: a kernel thread or a zombie.
    #[must_use]
    pub fn parse(cmdline: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(cmdline);
        let mut arguments = text.strip_suffix('\0').unwrap_or(&text).split('\0');
        arguments.next().filter(|program| !program.is_empty())?;
        let mut line =
            Self { config_file: DEFAULT_CONFIG.into(), options: Vec::new(), engine: None, all_events: false };
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                break;
            } else if let Some(long) = argument.strip_prefix("--") {
                line.long(long, &mut arguments);
            } else if let Some(group) = argument.strip_prefix('-') {
                line.short(group, &mut arguments);
            }
        }
        Some(line)
    }

    fn long<'a>(&mut self, option: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        let (name, attached) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let mut value = || attached.or_else(|| rest.next()).map(ToOwned::to_owned);
        match name {
            "option" => self.options.extend(value()),
            "gvisor-config" => self.engine = value().map(|_| Engine::Gvisor),
            "modern-bpf" => self.engine = Some(Engine::ModernEbpf),
            "nodriver" => self.engine = Some(Engine::NoDriver),
            "userspace" => self.engine = Some(Engine::Userspace),
            // Their values, if any, are read as arguments of their own, which have no meaning to Falco.
            _ => {}
        }
    }

    fn short<'a>(&mut self, group: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        for (at, option) in group.char_indices() {
            match option {
                'A' => self.all_events = true,
                'u' => self.engine = Some(Engine::Userspace),
                flag if SHORT_FLAGS.contains(flag) => {}
                _ => {
                    let attached = group.get(at + option.len_utf8()..).filter(|value| !value.is_empty());
                    if let Some(value) = attached.or_else(|| rest.next()) {
                        self.valued(option, value);
                    }
                    return;
                }
            }
        }
    }

    fn valued(&mut self, option: char, value: &str) {
        match option {
            'c' => self.config_file = value.into(),
            'o' => self.options.push(value.to_owned()),
            'g' => self.engine = Some(Engine::Gvisor),
            'e' => self.engine = Some(Engine::Replay),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> CommandLine {
        CommandLine::parse(format!("falco\0{}\0", arguments.join("\0")).as_bytes()).unwrap()
    }

    #[test]
    fn nothing_said_is_the_default() {
        let line = CommandLine::parse(b"/usr/bin/falco\0").unwrap();
        assert_eq!(line.config_file, PathBuf::from("/etc/falco/falco.yaml"));
        assert_eq!((line.options.len(), line.engine, line.all_events), (0, None, false));
        assert_eq!(CommandLine::parse(b""), None, "a kernel thread");
        assert_eq!(CommandLine::parse(b"\0"), None);
    }

    #[test]
    fn options_in_every_form() {
        let line =
            parse(&["-o", "a=1", "-ob=2", "--option", "c=3", "--option=d=4", "-Uo", "e=x y", "-vof=6"]);
        assert_eq!(line.options, ["a=1", "b=2", "c=3", "d=4", "e=x y", "f=6"]);
    }

    #[test]
    fn the_last_file_wins_and_values_are_no_options() {
        let line = parse(&["-c", "a.yaml", "-pk", "-r", "-c", "-A", "-cb.yaml", "-p", "-o", "--", "-c", "z"]);
        assert_eq!(line.config_file, PathBuf::from("b.yaml"));
        assert_eq!(line.options, [] as [&str; 0], "-o is the value of -p");
        assert!(line.all_events);
    }

    #[test]
    fn drivers_of_old_versions() {
        for (arguments, engine) in [
            (&["--modern-bpf"][..], Engine::ModernEbpf),
            (&["--nodriver"], Engine::NoDriver),
            (&["-u"], Engine::Userspace),
            (&["--userspace"], Engine::Userspace),
            (&["--gvisor-config", "f"], Engine::Gvisor),
            (&["-g", "f"], Engine::Gvisor),
            (&["-e", "trace.scap"], Engine::Replay),
        ] {
            assert_eq!(parse(arguments).engine, Some(engine), "{arguments:?}");
        }
    }

    #[test]
    fn cut_off() {
        assert_eq!(CommandLine::parse(b"falco\0-o").unwrap().options, [] as [&str; 0]);
        assert_eq!(CommandLine::parse(b"falco\0-o\0a=\xff").unwrap().options, ["a=\u{fffd}"]);
    }
}
