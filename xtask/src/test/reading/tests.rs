//! What test binaries really print, and what is made of it.

use super::*;

fn read(text: &str, clean: bool) -> Result<Tally> {
    let mut reading = Reading::default();
    text.lines().for_each(|line| reading.line(line));
    reading.finish(clean)
}

#[test]
fn plain_libtest() {
    let tally = read(
        "running 3 tests\ntest a ... ok\ntest b ... FAILED\ntest c ... ignored, slow\n\n\
         test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n",
        false,
    )
    .expect("tally");
    assert_eq!((tally.passed, tally.failed.len()), (1, 1));
    assert_eq!(tally.skipped, [("c".to_owned(), "slow".to_owned())]);
}

#[test]
fn lines_between_a_name_and_its_outcome() {
    let tally = read(
        "skip: old: needs 5.12: this is 5.10\n\nrunning 2 tests\ntest exact ... counted 5\nmore\nok\r\n\
         test old   ... ignored\n\n\
         test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n",
        true,
    )
    .expect("tally");
    assert_eq!(tally.passed, 1);
    assert_eq!(tally.skipped, [("old".to_owned(), "needs 5.12: this is 5.10".to_owned())]);
}

#[test]
fn a_test_that_runs_tests_is_one_test() {
    let tally = read(
        "running 1 test\ntest outer ... skip: outer: not again\n\nrunning 2 tests\ntest outer ... ignored\n\
         test inner ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed; 1 ignored\n\nok\n\n\
         test result: ok. 1 passed; 0 failed; 0 ignored\n",
        true,
    )
    .expect("tally");
    assert_eq!(tally, Tally { passed: 1, ..Tally::default() });
}

#[test]
fn colours_vanish_and_failures_tell_why() {
    let tally = read(
        "test a ... \u{1b}[31mFAILED\u{1b}[0m\ntest b ... FAILED\n\nfailures:\n\n---- a ----\nring: 1 of 2\nmore\n\n\
         ---- b stdout ----\n\nthread 'b' (7) panicked at src/b.rs:1:2:\nleft != right\nnote: x\n\nfailures:\n    a\n\
         test result: \u{1b}[31mFAILED\u{1b}[0m. 0 passed; 2 failed; 0 ignored\n",
        false,
    )
    .expect("tally");
    assert_eq!(tally.failed[0], ("a".to_owned(), "ring: 1 of 2".to_owned()));
    assert_eq!(tally.failed[1].1, "thread 'b' (7) panicked at src/b.rs:1:2: left != right");
    assert_eq!(tally.failed.len(), 2);
}

#[test]
fn an_output_that_stops_or_contradicts_itself_fails() {
    assert!(read("", true).is_err());
    let stopped = read("test a ... ok\ntest b ... \n", false).expect("tally");
    assert_eq!(stopped.failed[0].0, "b");
    let torn = "test a ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
    assert_eq!(read(torn, true).expect("tally").failed[0].0, "output");
    let code = "test a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
    assert_eq!(read(code, false).expect("tally").failed[0].0, "exit code");
}
