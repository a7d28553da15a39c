//! UniFFI's generator for Swift, in the version that the library uses.

fn main() {
    uniffi::uniffi_bindgen_swift();
}
