//! Memory with a bound: what a few kilobytes of a stranger make the tap allocate has one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A script is at most 64 KiB, a batch in it unpacks to 1 MiB here, and the fuzzer's own tables and
/// corpus take some tens of megabytes.
const LIMIT: usize = 256 << 20;

struct Bounded;

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

// SAFETY: the system's allocator does the work; only sizes are added up here.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > LIMIT {
            // No panic: it would allocate. The fuzzer keeps the input of a process that aborts.
            std::process::abort();
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}
