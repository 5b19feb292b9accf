//! Types made by hand.

use super::*;

const STRINGS: &[u8] = b"\0u64\0counter_map\0n_evts\0n_drops_buffer\0flag\0unsigned int\0";

/// Offset of a name.
fn name(wanted: &str) -> u32 {
    let text = std::str::from_utf8(STRINGS).unwrap();
    u32::try_from(text.find(&format!("\0{wanted}\0")).unwrap()).unwrap() + 1
}

fn kind(kind: u32, count: u32) -> u32 {
    kind << 24 | count
}

/// 1: a 64-bit integer, 2: its typedef, 3: a 32-bit integer, 4: a struct of all three, 5: `const` of that struct.
fn btf() -> Vec<u8> {
    let types = [
        [name("unsigned int"), kind(1, 0), 8, 64].as_slice(),
        &[name("u64"), kind(8, 0), 1],
        &[name("unsigned int"), kind(1, 0), 4, 32],
        &[name("counter_map"), kind(4, 3), 24],
        &[name("n_evts"), 2, 0, name("n_drops_buffer"), 1, 64, name("flag"), 3, 128],
        &[0, kind(10, 0), 4],
    ]
    .concat();
    let types: Vec<u8> = types.into_iter().flat_map(u32::to_le_bytes).collect();
    let lengths = [24, 0, types.len(), types.len(), STRINGS.len()];
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    bytes.extend(lengths.into_iter().flat_map(|length| u32::try_from(length).unwrap().to_le_bytes()));
    bytes.extend(types);
    bytes.extend(STRINGS);
    bytes
}

#[test]
fn words_of_a_struct() {
    let btf = Btf::parse(btf()).unwrap();
    let expected = [("n_evts".to_owned(), 0), ("n_drops_buffer".to_owned(), 8)];
    assert_eq!(btf.words(4).unwrap(), expected, "through a typedef; 32 bits are no word");
    assert_eq!(btf.words(5).unwrap(), expected, "through const");
    assert_eq!(btf.words(1).unwrap(), [], "no struct");
    assert!(btf.words(0).is_err() && btf.words(6).is_err(), "no such type");
    assert_eq!(btf.member_offset("counter_map", "flag").unwrap(), Some(16));
}

#[test]
fn cut_off_and_circular_types_are_errors() {
    let whole = btf();
    for length in 0..whole.len() - STRINGS.len() {
        if let Ok(btf) = Btf::parse(whole[..length].to_vec()) {
            assert!(btf.words(4).is_err(), "{length}");
        }
    }
    let mut circular = whole;
    // The typedef of itself: the third word of the second type.
    circular[24 + 16 + 8] = 2;
    assert!(Btf::parse(circular).unwrap().words(2).is_err());
}
