//! What must hold for every input. The fuzzer looks for inputs for which it does not; what it found interesting so far is in
//! `tests/fuzz/corpus` and is run as an ordinary test.
//!
//! Each function is the body of a fuzz target of the same name, which includes this file.

#![allow(dead_code, reason = "each fuzz target uses one of these")]

use std::sync::LazyLock;

use sealcard_core::{
    Carrier, DeviceKey, Issuer, LinkDraft, LinkHost, Profile, ProfileDraft, RevocationList, SigningKey, Snapshot,
    TrustAnchor, TrustStore, Ttl, UnixTime, UnverifiedSnapshot, Verifier, VerifyError,
};
use sha2::{Digest as _, Sha256};

/// What is done with an input; panics if what must hold does not.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 9] = [
    ("text", text),
    ("bytes", bytes),
    ("verify", verify),
    ("profile", profile),
    ("text_coder", text_coder),
    ("presentation", presentation),
    ("trust_bundle", trust_bundle),
    ("revocation_list", revocation_list),
    ("state", state),
];

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// One issuer, whom one verifier trusts, and a token of every carrier.
struct World {
    issuer: Issuer,
    verifier: Verifier,
    tokens: Vec<(String, Snapshot)>,
    pass: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    // Not the key of the test vectors, which are among the inputs.
    let issuer = Issuer::new(SigningKey::from_seed([0xf2; 32]));
    let host = LinkHost::parse("card.example.org").expect("a host");
    let anchor = TrustAnchor::new(None, issuer.verifying_key());
    let verifier = Verifier::new(TrustStore::new(vec![anchor]).expect("one key")).with_link_host(host.clone());
    let draft = ProfileDraft {
        username: "devcard-demo".into(),
        display_name: "Alex Chen".into(),
        bio: Some("Builds things 🦀, слышит всё".into()),
        links: vec![LinkDraft { platform: "github".into(), username: "alexchen".into(), url: None }],
        ..ProfileDraft::default()
    };
    let short = Snapshot::new(Profile::parse(draft).expect("a profile"), NOW, Ttl::from_secs(600).expect("a life"));
    let mut long = short.clone();
    long.ttl = Ttl::from_secs(86_400).expect("a life");
    long.event = Some("RustConf".parse().expect("a label"));
    let carriers = [Carrier::Text, Carrier::Link(host)];
    let text = |snapshot: &Snapshot, carrier: &Carrier| issuer.issue(snapshot).expect("it fits").to_text_of(carrier);
    let tokens = [short.clone(), long]
        .iter()
        .flat_map(|s| carriers.iter().map(|c| (text(s, c), s.clone())).collect::<Vec<_>>())
        .collect();
    let mut bound = short;
    (bound.holder_key, bound.revocation_index) = (Some(device().holder_key()), Some(77));
    let pass = issuer.issue(&bound).expect("it fits").as_bytes().into();
    World { issuer, verifier, tokens, pass }
});

/// Any text is refused or is the one spelling of a token; and nobody but the issuer makes one that is accepted.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let World { issuer, verifier, tokens, .. } = &*WORLD;
    if verifier.clone().verify(&text, NOW).is_ok() {
        assert!(tokens.iter().any(|(token, _)| *token == text), "forged: {text}");
    }
    if let Ok(unverified) = UnverifiedSnapshot::from_text(&text)
        && let Ok(claims) = unverified.unverified_snapshot()
        && let Ok(token) = issuer.issue(&claims)
    {
        let carrier = unverified.carrier().expect("it was a text");
        assert!(UnverifiedSnapshot::from_text(&token.to_text_of(carrier)).is_ok());
    }
}

/// Any bytes are refused, or claim a snapshot that, issued, verifies as what it is.
pub fn bytes(data: &[u8]) {
    let Ok(claims) = UnverifiedSnapshot::from_bytes(data).and_then(|token| token.unverified_snapshot()) else { return };
    reissue(&claims);
}

/// A token changed in one or two places is refused, unless it is the same again.
///
/// Four bytes a change: which token and what to do, where (two bytes), and with what.
pub fn verify(data: &[u8]) {
    let World { verifier, tokens, .. } = &*WORLD;
    let (changes, _) = data.as_chunks::<4>();
    let Some([first, ..]) = changes.first() else { return };
    let (original, snapshot) = &tokens[usize::from(first >> 4) % tokens.len()];
    let mut text = original.clone().into_bytes();
    for [what, high, low, byte] in changes.iter().take(2) {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (text.len() + 1);
        match what & 0x0f {
            0 => text.insert(at, *byte),
            1 if at < text.len() => _ = text.remove(at),
            2 if at < text.len() => {
                let other = usize::from(*byte) % text.len();
                text.swap(at, other);
            }
            3 => text.truncate(at),
            _ if at < text.len() => text[at] = *byte,
            _ => {}
        }
    }
    let Ok(text) = String::from_utf8(text) else { return };
    match verifier.clone().verify(&text, NOW) {
        Ok(verified) => assert!(text == *original && verified.profile() == &snapshot.profile),
        Err(error) => assert!(text != *original, "{error}"),
    }
}

/// Any profile is refused, or survives its token.
///
/// One field a line, in the order of the code below; then links, three lines each: platform, username, address.
pub fn profile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(String::from);
    let mut line = || lines.next().filter(|line| !line.is_empty());
    let mut draft = ProfileDraft {
        username: line().unwrap_or_else(|| "ada".into()),
        display_name: line().unwrap_or_else(|| "Ada".into()),
        bio: line(),
        pronouns: line(),
        role: line(),
        company: line(),
        avatar_url: line(),
        accent_color: line(),
        links: Vec::new(),
    };
    while let (Some(platform), Some(username)) = (line(), line()) {
        draft.links.push(LinkDraft { platform, username, url: line() });
    }
    let Ok(profile) = Profile::parse(draft) else { return };
    assert_eq!(Profile::parse(ProfileDraft::from(&profile)).as_ref(), Ok(&profile), "parsing again changes nothing");
    reissue(&Snapshot::new(profile, NOW, Ttl::from_secs(1).expect("a life")));
}

/// Any coded text is refused, or a profile that, coded again, is the same.
pub fn text_coder(data: &[u8]) {
    let token = [&[0x11, 0, 0][..], data, &[0; 64]].concat();
    let Ok(token) = UnverifiedSnapshot::from_bytes(&token) else { return };
    if let Ok(claims) = token.unverified_snapshot() {
        reissue(&claims);
    }
}

/// Whatever a device signs, only a pass of the issuer's for this device is accepted, and only in time.
pub fn presentation(data: &[u8]) {
    let World { verifier, pass, .. } = &*WORLD;
    let signature = device().sign(&[&b"sealcard/v1/presentation\0\x12"[..], data].concat());
    let token = [&[0x12], data, signature.as_bytes()].concat();
    let Ok(token) = UnverifiedSnapshot::from_bytes(&token) else { return };
    let proof = token.unverified_proof().expect("it is a presentation");
    if verifier.clone().verify_snapshot(&token, proof.challenge.as_ref(), NOW).is_ok() {
        assert!(data.ends_with(pass), "another pass");
        assert!((NOW.as_secs() - 60..=NOW.as_secs() + 60).contains(&proof.time.as_secs()));
    }
}

/// Any bundle that a root signs is refused or is the one spelling of what it says.
pub fn trust_bundle(data: &[u8]) {
    let root = SigningKey::from_seed([0xf3; 32]);
    let mut verifier = Verifier::with_roots(vec![root.verifying_key()]).expect("one root");
    let text = file(0x13, b"sealcard/v1/trust-bundle\0", &root, data);
    if verifier.update_trust_bundle(&text, NOW).is_ok() {
        let bundle = verifier.trust_bundle().expect("it was taken");
        assert_eq!(bundle.sign(&root).expect("it was signed before").to_text(), text);
    }
}

/// Any list that an issuer signs is refused or holds what it says, in order.
pub fn revocation_list(data: &[u8]) {
    let World { issuer, verifier, .. } = &*WORLD;
    let mut verifier = verifier.clone();
    let text = file(0x14, b"sealcard/v1/revocation-list\0", issuer.signing_key(), data);
    if verifier.update_revocation_list(&text, NOW).is_ok() {
        let list = verifier.revocation_lists().next().expect("it was taken");
        let indices: Vec<u32> = list.indices().collect();
        assert_eq!(indices.len(), usize::try_from(list.len()).expect("few"));
        assert!(indices.is_sorted_by(|a, b| a < b));
        assert!(indices.iter().take(99).all(|index| list.contains(*index)));
        assert!(indices.windows(2).take(99).all(|pair| pair[0] + 1 == pair[1] || !list.contains(pair[0] + 1)));
        let again = RevocationList::new(list.epoch(), list.issued_at(), list.fresh_secs(), indices);
        let again = again.sign(issuer.signing_key()).expect("in the shortest way it fits as well").to_text();
        assert!(again.len() <= text.len());
    }
}

/// Any state is refused, or is the one that the verifier gives back.
pub fn state(data: &[u8]) {
    let World { verifier, .. } = &*WORLD;
    let digest = Sha256::new_with_prefix(b"sealcard/v1/verifier-state\0").chain_update(data).finalize();
    let state = [data, &digest[..16]].concat();
    let mut restored = verifier.clone();
    if restored.restore(&state, 0).is_ok() {
        // A bundle of a root that is not pinned is left out; what remains is a state like any other.
        let again = restored.state();
        assert!(again == state || again.len() < state.len());
        let mut second = verifier.clone();
        second.restore(&again, restored.changes()).expect("its own state");
        assert_eq!(second.state(), again);
    }
}

/// A signed file whose body is any bytes.
fn file(first_byte: u8, context: &[u8], key: &SigningKey, body: &[u8]) -> String {
    let unsigned = [&[first_byte, key.verifying_key().id().hint()], body].concat();
    let signature = key.sign(&[context, &unsigned].concat());
    format!("SC1:{}", base45::encode([&unsigned[..], &signature].concat()))
}

fn device() -> DeviceKey {
    DeviceKey::p256_from_secret(&[0xf4; 32]).expect("a number of the group")
}

/// What an issuer signs, a verifier gives back.
fn reissue(snapshot: &Snapshot) {
    let World { issuer, verifier, .. } = &*WORLD;
    let Ok(token) = issuer.issue(snapshot) else { return };
    let verified = verifier.clone().verify(&token.to_text(), snapshot.issued_at);
    if snapshot.holder_key.is_some() {
        return assert_eq!(verified, Err(VerifyError::ProofMissing));
    }
    let verified = verified.expect("the issuer's own");
    assert_eq!(verified.profile(), &snapshot.profile);
    assert_eq!(verified.other_fields(), snapshot.other_fields());
    assert_eq!((verified.card(), verified.event()), (snapshot.card.as_ref(), snapshot.event.as_ref()));
    assert_eq!((verified.issued_at(), verified.expires_at()), (snapshot.issued_at, snapshot.expires_at()));
}
