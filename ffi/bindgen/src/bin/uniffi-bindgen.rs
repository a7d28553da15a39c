//! UniFFI's generator for Kotlin, in the version that the library uses.

fn main() {
    uniffi::uniffi_bindgen_main();
}
