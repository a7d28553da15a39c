//! What an operating system and a C library usually bring: a start, memory, output, an end.

use alloc::format;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering};

const HEAP_BYTES: usize = 256 * 1024;

/// Memory that is given out once, front to back, and never taken back.
#[repr(align(16))]
struct Heap {
    bytes: UnsafeCell<[u8; HEAP_BYTES]>,
    used: AtomicUsize,
}

// SAFETY: every byte is given out once, and `used` is atomic.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { bytes: UnsafeCell::new([0; HEAP_BYTES]), used: AtomicUsize::new(0) };

// SAFETY: a block lies inside the array, is aligned, and overlaps no other.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = |used: usize| Some(used.next_multiple_of(layout.align()));
        let fits =
            |used| block(used).and_then(|start| start.checked_add(layout.size())).filter(|end| *end <= HEAP_BYTES);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(used) => self.bytes.get().cast::<u8>().wrapping_add(block(used).unwrap_or_default()),
            Err(_) => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// How many bytes were given out so far.
pub fn heap_used() -> usize {
    HEAP.used.load(Ordering::Relaxed)
}

/// Writes to standard output.
pub fn write(text: &str) {
    // SAFETY: the system call write(1, text, length) reads only the text.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") 1_usize => _,
            in("rdi") 1_usize,
            in("rsi") text.as_ptr(),
            in("rdx") text.len(),
            out("rcx") _,
            out("r11") _,
        );
    }
}

fn exit(code: usize) -> ! {
    // SAFETY: the system call exit does not return.
    unsafe { asm!("syscall", in("rax") 60_usize, in("rdi") code, options(noreturn)) }
}

global_asm!(".globl _start", "_start:", "and rsp, -16", "call {start}", "ud2", start = sym start);

extern "C" fn start() -> ! {
    match super::main() {
        Ok(()) => exit(0),
        Err(reason) => {
            write(&format!("no_std: {reason}\n"));
            exit(1)
        }
    }
}

#[panic_handler]
fn panic(panic: &core::panic::PanicInfo<'_>) -> ! {
    write(&format!("{panic}\n"));
    exit(101)
}

/// Byte loops that compiled code calls by these names. Written with string instructions, because the compiler would turn
/// a loop back into a call of itself.
mod memory {
    use core::arch::asm;

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _) };
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
        if to.addr().wrapping_sub(from.addr()) >= count {
            // SAFETY: copying forwards never overwrites what is still to be read.
            return unsafe { memcpy(to, from, count) };
        }
        let last = count.wrapping_sub(1);
        // SAFETY: copying backwards; the direction flag is put back.
        unsafe {
            asm!(
                "std", "rep movsb", "cld",
                inout("rcx") count => _,
                inout("rdi") to.wrapping_add(last) => _,
                inout("rsi") from.wrapping_add(last) => _,
            );
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") value.to_le_bytes()[0]) };
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, count: usize) -> i32 {
        for at in 0..count {
            // SAFETY: the caller's promise. Volatile keeps the loop a loop.
            let (a, b) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
            if a != b {
                return i32::from(a) - i32::from(b);
            }
        }
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, count: usize) -> i32 {
        // SAFETY: the caller's promise.
        unsafe { memcmp(a, b, count) }
    }
}
