//! A line of JSON as what differs from the line before it, field by field: what the samples of a quiet second share is kept once.
//!
//! Fields are what stands between commas, wherever those come from; nothing else of the text is understood, so every line comes
//! back as it was. Compression alone would not do: a sample with two hundred losers is longer than the 32 KiB that deflate looks
//! back.

const BETWEEN: u8 = b',';
/// Begins a field that stands for a number of fields of the line before. JSON has no such byte: it is always escaped.
const SAME: u8 = 1;

/// Appends `line`, given the one before it.
pub(super) fn encode(before: &[u8], line: &[u8], out: &mut Vec<u8>) {
    let mut old = fields(before);
    let mut same = 0_u64;
    let mut written = Fields { out, is_first: true };
    for field in fields(line) {
        if old.next() == Some(field) {
            same += 1;
            continue;
        }
        written.add_same(same);
        same = 0;
        written.add(field);
    }
    written.add_same(same);
}

/// The line again.
pub(super) fn decode(before: &[u8], encoded: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(before.len());
    let mut written = Fields { out: &mut line, is_first: true };
    let mut old = fields(before);
    for field in fields(encoded) {
        match field.split_first() {
            Some((&SAME, count)) => {
                let count = std::str::from_utf8(count).ok().and_then(|count| count.parse().ok()).unwrap_or(0);
                old.by_ref().take(count).for_each(|field| written.add(field));
            }
            _ => {
                old.next();
                written.add(field);
            }
        }
    }
    line
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == BETWEEN)
}

/// Writes fields with what stands between them.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl Fields<'_> {
    fn add(&mut self, field: &[u8]) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(BETWEEN);
        }
        self.out.extend_from_slice(field);
    }

    fn add_same(&mut self, count: u64) {
        if count > 0 {
            self.add(&[&[SAME], count.to_string().as_bytes()].concat());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::falco::mutation;

    fn again(before: &str, line: &str) -> (String, String) {
        let mut encoded = Vec::new();
        encode(before.as_bytes(), line.as_bytes(), &mut encoded);
        let decoded = String::from_utf8(decode(before.as_bytes(), &encoded)).unwrap();
        (String::from_utf8(encoded).unwrap(), decoded)
    }

    #[test]
    fn what_is_the_same_is_counted() {
        let (encoded, decoded) = again("a,b,c,d,e", "a,b,x,d,e");
        assert_eq!((&*encoded, &*decoded), ("\u{1}2,x,\u{1}2", "a,b,x,d,e"));
        assert_eq!(again("a,b,c", "a,b,c").0, "\u{1}3");
    }

    #[test]
    fn lines_of_any_shape_come_back() {
        let lines = ["", ",", ",,", "a", "a,", ",a", "a,b", "b,a", "a,b,c,d", "x,b,c", "a,b,y,d,e,f"];
        for before in lines {
            for line in lines {
                assert_eq!(again(before, line).1, line, "after {before:?}");
            }
        }
    }

    #[test]
    fn a_line_changed_at_random_comes_back() {
        let before =
            br#"{"clock":{"monotonic_ns":1,"boot_ns":2},"rings":[{"map_id":7,"name":"a,b"},{"map_id":8}]}"#;
        mutation::each(before, 2_000, |line| {
            // Text that is no JSON may hold the byte that stands for a run.
            let line: Vec<u8> = line.iter().map(|byte| (*byte).max(2)).collect();
            let mut encoded = Vec::new();
            encode(before, &line, &mut encoded);
            assert_eq!(decode(before, &encoded), line);
        });
    }
}
