//! A heap that remembers its high-water mark, and a stack painted to see how deep it was.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

use embedded_alloc::LlffHeap;

const HEAP_BYTES: usize = 256 * 1024;

/// What the unused stack is filled with.
const PAINT: u32 = 0x5ea1_ca4d;

/// Painting stays so far below the present stack pointer, in bytes.
const MARGIN: usize = 512;

/// How much of the stack is painted, in bytes: more than verifying may use.
const PAINTED: usize = 64 * 1024;

struct Heap {
    inner: LlffHeap,
    used: AtomicUsize,
    most: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap { inner: LlffHeap::empty(), used: AtomicUsize::new(0), most: AtomicUsize::new(0) };

// SAFETY: all blocks are the inner heap's.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = self.used.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        self.most.fetch_max(used, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { self.inner.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { self.inner.dealloc(block, layout) }
    }
}

/// Gives the heap its memory. Once.
pub fn start() {
    static mut MEMORY: [MaybeUninit<u8>; HEAP_BYTES] = [MaybeUninit::uninit(); HEAP_BYTES];
    // SAFETY: called once, before the first allocation.
    unsafe { HEAP.inner.init(&raw mut MEMORY as usize, HEAP_BYTES) }
}

/// A moment before a piece of work.
pub struct Mark {
    heap: usize,
    stack: usize,
}

/// Bytes.
pub struct Used {
    pub heap: usize,
    pub stack: usize,
}

/// Begins to measure.
#[inline(never)]
pub fn mark() -> Mark {
    let heap = HEAP.used.load(Ordering::Relaxed);
    HEAP.most.store(heap, Ordering::Relaxed);
    let stack = cortex_m::register::msp::read() as usize;
    for address in painted(stack) {
        // SAFETY: memory below the stack pointer, which nothing uses: the board has megabytes of it.
        unsafe { (address as *mut u32).write_volatile(PAINT) }
    }
    Mark { heap, stack }
}

impl Mark {
    /// What was used since then, at its most.
    #[inline(never)]
    pub fn used(&self) -> Used {
        // SAFETY: as in `mark`.
        let spoilt = painted(self.stack).find(|address| unsafe { (*address as *const u32).read_volatile() } != PAINT);
        Used {
            heap: HEAP.most.load(Ordering::Relaxed).saturating_sub(self.heap),
            stack: spoilt.map_or(MARGIN, |address| self.stack - address),
        }
    }
}

/// The addresses of the painted words, the deepest first.
fn painted(stack: usize) -> impl Iterator<Item = usize> {
    let top = (stack - MARGIN) & !3;
    (top - PAINTED..top).step_by(4)
}
