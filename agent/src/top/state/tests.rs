//! Keys.

use super::*;
use crate::top::tests::{pressed, typed};

#[test]
fn keys_change_the_state() {
    let at = |text: &str| typed(text).tab;
    assert_eq!([at("3"), at("36"), at("9"), at("0")], [2, 5, 0, 0]);
    assert_eq!(pressed(&[KeyCode::Tab; 7]).tab, 1, "round and round");
    assert_eq!(pressed(&[KeyCode::BackTab]).tab, TABS.len() - 1);
    assert!(typed("p").is_paused && !typed("p ").is_paused);
    assert!(
        typed("?").shows_help && !typed("?q").shows_help,
        "a key gets out of the help, and does nothing else"
    );
    let sort = |text: &str| typed(text).sort();
    assert_eq!(sort("2s"), Sort { column: 6, is_reversed: false });
    assert_eq!(sort("2S"), Sort { column: 4, is_reversed: false });
    assert_eq!(sort("6S"), Sort { column: 4, is_reversed: false }, "the last comes before the first");
    assert_eq!(sort("2r"), Sort { column: 5, is_reversed: true });
    assert_eq!(sort("2s1"), State::default().sort(), "each table has its own");
    assert_eq!(typed("jjk").scroll, 1);
    assert_eq!(typed("k").scroll, 0);
    assert_eq!(typed("jj2").scroll, 0);
}

#[test]
fn a_filter_is_typed_and_goes() {
    let state = typed("/qp1");
    assert!(state.is_typing && state.filter == "qp1" && !state.is_paused && state.tab == 0, "{state:?}");
    let keep = pressed(&[
        KeyCode::Char('/'),
        KeyCode::Char('a'),
        KeyCode::Char('b'),
        KeyCode::Backspace,
        KeyCode::Enter,
    ]);
    assert_eq!((keep.filter.as_str(), keep.is_typing), ("a", false));
    let gone = pressed(&[KeyCode::Char('/'), KeyCode::Char('a'), KeyCode::Enter, KeyCode::Esc]);
    assert_eq!(gone, State::default());
    assert_eq!(typed(&format!("/{}", "x".repeat(1000))).filter.len(), 64);
}

#[test]
fn what_quits() {
    let press = |state: &mut State, code, modifiers| state.press(KeyEvent::new(code, modifiers));
    assert_eq!(press(&mut State::default(), KeyCode::Char('q'), KeyModifiers::NONE), Next::Quit);
    let mut typing = typed("/");
    assert_eq!(press(&mut typing, KeyCode::Char('q'), KeyModifiers::NONE), Next::GoOn, "a letter");
    assert_eq!(press(&mut typing, KeyCode::Char('c'), KeyModifiers::CONTROL), Next::Quit);
    let mut state = State::default();
    assert_eq!(press(&mut state, KeyCode::Char('p'), KeyModifiers::CONTROL), Next::GoOn);
    assert!(!state.is_paused, "Ctrl-p is no p");
}
