//! What the fuzzer found interesting so far, as an ordinary test.

use std::fs;

use sealcard_tests::fuzz;

#[test]
fn the_corpus_holds() {
    for (name, target) in fuzz::TARGETS {
        let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            target(&fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs > 0, "{folder} is empty");
    }
}

/// And a thousand changes of each: the fuzzer is elsewhere, but slips of today show here.
#[test]
fn so_do_changes_of_it() {
    for (name, target) in fuzz::TARGETS {
        let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut random = 0x5ea1_ca4d_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % below.max(1) as u64).unwrap()
        };
        for entry in fs::read_dir(&folder).unwrap() {
            let input = fs::read(entry.unwrap().path()).unwrap();
            for _ in 0..10 {
                let mut changed = input.clone();
                changed.insert(next(changed.len()), 0);
                let at = next(changed.len());
                changed[at] = u8::try_from(next(256)).unwrap();
                target(&changed);
            }
        }
    }
}
