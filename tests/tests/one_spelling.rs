//! In each carrier, nobody but the issuer can write an accepted token in another way: every change of one place is refused.
//! The fuzz target `verify` looks at changes of more.

use sealcard_core::{
    Carrier, Issuer, LinkHost, SigningKey, Snapshot, TrustAnchor, TrustStore, Ttl, UnixTime, UnverifiedSnapshot,
    Verifier,
};
use sealcard_tests::profiles;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// What may come in for a character: all of ASCII, and some that look or normalise alike.
fn characters() -> impl Iterator<Item = char> {
    ('\0'..='\x7f').chain("\u{a0}\u{ad}\u{200b}\u{212a}\u{feff}ＡＳ０：éſ".chars())
}

fn host() -> LinkHost {
    LinkHost::parse("card.example.org").unwrap()
}

fn verifier(issuer: &Issuer) -> Verifier {
    let anchor = TrustAnchor::new(None, issuer.verifying_key());
    Verifier::new(TrustStore::new(vec![anchor]).unwrap()).with_link_host(host())
}

fn tokens(issuer: &Issuer) -> Vec<sealcard_core::Token> {
    let short = Snapshot::new(profiles::minimal(), NOW, Ttl::from_secs(600).unwrap());
    let mut long = Snapshot::new(profiles::international(), NOW, Ttl::from_secs(86_400).unwrap());
    long.event = Some("RustConf".parse().unwrap());
    [short, long].iter().map(|snapshot| issuer.issue(snapshot).unwrap()).collect()
}

#[test]
fn every_change_of_one_character_is_refused() {
    let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
    let mut verifier = verifier(&issuer);
    for token in tokens(&issuer) {
        for carrier in [Carrier::Text, Carrier::Link(host())] {
            let text = token.to_text_of(&carrier);
            assert!(verifier.verify(&text, NOW).is_ok());
            let mut refused = |changed: String| {
                assert!(changed == text || verifier.verify(&changed, NOW).is_err(), "{text}\n{changed}");
            };
            for at in 0..=text.len() {
                let (before, after) = text.split_at(at);
                refused(before.into());
                refused(after.into());
                for character in characters() {
                    refused(format!("{before}{character}{after}"));
                    if !after.is_empty() {
                        refused(format!("{before}{character}{}", &after[1..]));
                    }
                }
                if !after.is_empty() {
                    refused(format!("{before}{}", &after[1..]));
                    refused(format!("{before}%{:02X}{}", after.as_bytes()[0], &after[1..]));
                    refused(format!("{before}{}{}", after[..1].to_lowercase(), &after[1..]));
                }
                if after.len() > 1 {
                    refused(format!("{before}{}{}{}", &after[1..2], &after[..1], &after[2..]));
                }
            }
            refused(text.to_lowercase());
            refused(text.to_uppercase());
            refused([&text[..], &text].concat());
        }
    }
}

#[test]
fn every_change_of_one_byte_is_refused() {
    let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
    let mut verifier = verifier(&issuer);
    for token in tokens(&issuer) {
        let token = token.as_bytes();
        let mut refused = |changed: &[u8]| {
            let verified = UnverifiedSnapshot::from_bytes(changed)
                .and_then(|changed| verifier.verify_snapshot(&changed, None, NOW));
            assert!(changed == token || verified.is_err(), "{changed:02x?}");
        };
        for at in 0..=token.len() {
            let (before, after) = token.split_at(at);
            refused(before);
            refused(after);
            for byte in 0..=u8::MAX {
                refused(&[before, &[byte], after].concat());
                if !after.is_empty() {
                    refused(&[before, &[byte], &after[1..]].concat());
                }
            }
            if !after.is_empty() {
                refused(&[before, &after[1..]].concat());
            }
        }
    }
}
