//! What a word looks like.

// What is in `core` can reach nothing.
use core::{
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
};

/// Last labels of names of hosts: of the Internet, and of those who have none.
const DOMAINS: &[&str] = &[
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "io",
    "dev",
    "app",
    "cloud",
    "ai",
    "co",
    "info",
    "biz",
    "tech",
    "eu",
    "de",
    "uk",
    "fr",
    "nl",
    "us",
    "ca",
    "jp",
    "cn",
    "au",
    "br",
    "ch",
    "se",
    "fi",
    "dk",
    "pl",
    "es",
    "cz",
    "ru",
    "kr",
    "local",
    "internal",
    "lan",
    "corp",
    "home",
    "intranet",
    "localdomain",
    "private",
    "svc",
    "cluster",
    "example",
    "test",
    "invalid",
    "arpa",
];

/// What ends with a point and one of these is a file.
const FILES: &[&str] = &[
    "yaml", "yml", "json", "toml", "conf", "log", "so", "md", "txt", "gz", "c", "h", "rs", "go", "py", "sh",
];

/// How secrets of well-known services begin.
const MARKS: &[&str] =
    &["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA", "ASIA", "eyJ", "sk-"];
/// Names of disks alternate between letters and digits as secrets do.
const DISKS: &[&str] = &["nvme", "mmcblk"];

/// Where the first address in a word is: IPv4, IPv6 or that of a network card. Loopback and "any" are everybody's.
pub(super) fn address(word: &str) -> Option<Range<usize>> {
    let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == ':' || letter == '.';
    let mut from = 0;
    while let Some(start) = word[from..].find(is_part).map(|at| from + at) {
        let end = word[start..].find(|letter| !is_part(letter)).map_or(word.len(), |at| start + at);
        let is_alone = !word[..start].ends_with(|letter: char| letter.is_alphanumeric())
            && !word[end..].starts_with(|letter: char| letter.is_alphanumeric());
        let found = if is_alone { with_colons(word, start..end) } else { None };
        if let Some(found) = found.or_else(|| v4(word, start..end)) {
            return Some(found);
        }
        from = end;
    }
    None
}

fn with_colons(word: &str, run: Range<usize>) -> Option<Range<usize>> {
    let text = &word[run.clone()];
    for cut in [text, text.trim_end_matches(['.', ':']), text.trim_start_matches([':'])] {
        let parts: Vec<&str> = cut.split(':').collect();
        let is_card = parts.len() == 6
            && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let is_v6 =
            cut.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_loopback() && !address.is_unspecified());
        if is_card || is_v6 {
            let start = run.start + text.find(cut).unwrap_or(0);
            return Some(start..start + cut.len());
        }
    }
    None
}

/// Four numbers in a row of four or more with points between them.
fn v4(word: &str, run: Range<usize>) -> Option<Range<usize>> {
    let mut start = run.start;
    while start < run.end {
        let is_digit = |letter: char| letter.is_ascii_digit() || letter == '.';
        let first = word[start..run.end].find(is_digit).map(|at| start + at)?;
        let end = word[first..run.end].find(|letter| !is_digit(letter)).map_or(run.end, |at| first + at);
        let numbers: Vec<&str> = word[first..end].split('.').filter(|number| !number.is_empty()).collect();
        let is_one = |four: &[&str]| {
            let parsed = four.join(".").parse::<Ipv4Addr>();
            parsed.is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
        };
        if numbers.windows(4).any(is_one) {
            return Some(first..first + word[first..end].trim_end_matches('.').len());
        }
        start = end;
    }
    None
}

/// Whether it may be the name of a host, with or without a port: labels of which the last is that of a domain, three or more
/// of them, or an address with dashes as clouds name their nodes.
pub(super) fn host(word: &str) -> bool {
    let name = match word.split_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => word,
    };
    let name = name.rsplit_once('@').map_or(name, |(_, host)| host).to_ascii_lowercase();
    if let Some(at) = name.find("ip-")
        && name[at + 3..].split(['-', '.']).take(4).filter(|number| number.parse::<u8>().is_ok()).count() == 4
    {
        return true;
    }
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (Some(last), true) = (labels.last(), labels.len() > 1 && labels.iter().all(is_label)) else {
        return false;
    };
    let is_long = labels.len() > 2 && last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    DOMAINS.contains(last) || (is_long && !FILES.contains(last))
}

/// Whether it may be a token, a key or an id: letters and digits in turns, or a long number in hexadecimal.
pub(super) fn secret(word: &str) -> bool {
    MARKS.iter().any(|mark| word.strip_prefix(mark).is_some_and(|rest| rest.len() >= 8))
        || word.split(|letter: char| !letter.is_ascii_alphanumeric()).any(is_random)
}

fn is_random(run: &str) -> bool {
    let bytes = run.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits == bytes.len() || DISKS.iter().any(|disk| run.starts_with(disk)) {
        return false;
    }
    let turns = bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    (bytes.len() >= 10 && turns >= 4) || (bytes.len() >= 12 && is_hex) || bytes.len() >= 24
}
