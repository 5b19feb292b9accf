//! What the agent's memory takes of the heap, measured by the allocator: one test, because the allocator counts for all.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "measured numbers belong on stdout")]

mod node;

use dropctl::{
    memory::{Bounds, Memory},
    recording::{self, Writer},
    sample::Node,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

/// What a memory holds after some time, s, and its bytes: by its own account, and at most on the heap.
fn after(shape: &node::Shape, seconds: u64, bytes: usize) -> (u64, usize, usize) {
    let bounds = Bounds { length_ns: 900 * node::SECOND, bytes };
    let before = ALLOCATOR.current_usage();
    let mut memory = Memory::new(Node::default(), node::setup(), bounds);
    let (mut own, mut heap) = (0, 0);
    for second in 1..=seconds {
        memory.push(shape.at(second)).expect("it is packed");
        own = own.max(memory.bytes());
        heap = heap.max(ALLOCATOR.current_usage() - before);
    }
    let recall = memory.since(0);
    let mut recording = Writer::new(Vec::new(), true, &recall.header()).expect("it is written");
    recall.write(0, u64::MAX, &mut recording).expect("it is written");
    let timeline =
        recording::read(&*recording.finish().expect("it is written")).expect("it is read").timeline;
    (timeline.all().length_ns() / node::SECOND, own, heap)
}

#[test]
fn memory_is_bounded() {
    let usual = node::Shape { rings: 8, workloads: 50, losers: 200, syscalls: 120, drops: true };
    let shapes = [
        ("8 rings, 50 workloads, nothing drops", node::Shape { drops: false, ..usual }, 240, 2 * MIB, 235),
        ("8 rings, 50 workloads, all of them drop", usual, 920, 8 * MIB, 900),
        ("64 rings, 50 workloads, all of them drop", node::Shape { rings: 64, ..usual }, 150, 2 * MIB, 60),
    ];
    for (name, shape, seconds, bytes, least_seconds) in shapes {
        let (held, own, heap) = after(&shape, seconds, bytes);
        println!("{name}: {held} s in at most {own} bytes by its own account, {heap} on the heap");
        assert!(own <= bytes, "{name}: {own}");
        assert!(heap <= own, "{name}: {heap} on the heap, and it thinks that it has {own}");
        assert!(held >= least_seconds, "{name}: {held} s only");
    }
}
