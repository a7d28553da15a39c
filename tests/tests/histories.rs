//! Whole histories: issuing, revoking, rotating, withdrawing, old files, copied badges, clocks set back, restarts. A model that
//! knows who did what decides what the verdict must be.

use proptest::prelude::*;
use sealcard_core::{
    DeviceKey, Grant, Issuer, Pass, Profile, ProfileDraft, RevocationList, SigningKey, Snapshot, TrustAnchor,
    TrustBundle, Ttl, UnixTime, Update, Verifier,
};

const START: u64 = 1_800_000_000;
const LEEWAY: u64 = 60;
const WINDOW: u64 = 60;
const MAX_LIFE: u32 = 30 * 86_400;
const FRESH: u64 = 3_600;

#[derive(Clone, Debug)]
enum Event {
    /// So many seconds go by.
    Wait(u64),
    /// The issuer signs a bearer snapshot, or a pass for a device, with its newest key.
    Issue {
        life: u32,
        device: Option<u8>,
    },
    /// A token is revoked.
    Revoke(usize),
    /// The issuer goes on with a new key; the old one may sign no more.
    Rotate,
    /// A key is withdrawn altogether.
    Withdraw(usize),
    /// The root and the issuer sign what is so now.
    SignFiles,
    /// The issuer's newest key signs an empty list with the next number, dated so many seconds back: whoever stole it would.
    SignBackdated(u64),
    /// The verifier is handed a bundle or a list, the newest or an older one.
    Bundle(usize),
    List(usize),
    /// A token is shown by a device, its proof made so many seconds ago; by the wrong device or by none, if it says so.
    Show {
        token: usize,
        proof_age: u64,
        by: By,
    },
    /// The verifier's clock is set, so many seconds wrong.
    SetClock(i64),
    /// The verifier stores its state, and a new one goes on from it.
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Owner,
    Thief,
    Nobody,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let index = 0_usize..8;
    let event = prop_oneof![
        2 => prop_oneof![0..120_u64, 0..90_000_u64].prop_map(Event::Wait),
        3 => (prop_oneof![Just(600), Just(86_400), 1..=MAX_LIFE], proptest::option::of(0..2_u8))
            .prop_map(|(life, device)| Event::Issue { life, device }),
        1 => index.clone().prop_map(Event::Revoke),
        1 => Just(Event::Rotate),
        1 => index.clone().prop_map(Event::Withdraw),
        3 => Just(Event::SignFiles),
        1 => (0..5_000_u64).prop_map(Event::SignBackdated),
        3 => prop_oneof![3 => Just(usize::MAX), 1 => index.clone()].prop_map(Event::Bundle),
        3 => prop_oneof![3 => Just(usize::MAX), 1 => index.clone()].prop_map(Event::List),
        8 => (index, prop_oneof![Just(0), Just(60), Just(61), 0..200_u64], prop_oneof![
            6 => Just(By::Owner), 1 => Just(By::Thief), 1 => Just(By::Nobody)
        ])
            .prop_map(|(token, proof_age, by)| Event::Show { token, proof_age, by }),
        1 => prop_oneof![Just(0), -100..100_i64, -100_000..100_000_i64].prop_map(Event::SetClock),
        1 => Just(Event::Restart),
    ];
    proptest::collection::vec(event, 1..60)
}

/// An issuer's key, and its time.
#[derive(Clone, Copy, Debug)]
struct Key {
    number: u8,
    from: u64,
    until: u64,
}

#[derive(Clone, Debug)]
struct Token {
    text: String,
    key: u8,
    issued_at: u64,
    life: u32,
    device: Option<u8>,
    index: u32,
}

struct Bundle {
    text: String,
    issued_at: u64,
    keys: Vec<Key>,
}

struct List {
    text: String,
    issued_at: u64,
    signer: u8,
    revoked: Vec<u32>,
}

/// The world outside the verifier.
struct World {
    now: u64,
    keys: Vec<Key>,
    tokens: Vec<Token>,
    revoked: Vec<u32>,
    bundles: Vec<Bundle>,
    lists: Vec<List>,
}

/// What the verifier must know.
#[derive(Default)]
struct Known {
    bundle: Option<usize>,
    list: Option<usize>,
    floor: u64,
}

fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

fn root() -> SigningKey {
    SigningKey::from_seed([0xee; 32])
}

fn device(number: u8) -> DeviceKey {
    match number {
        0 => DeviceKey::p256_from_secret(&[40; 32]).unwrap(),
        1 => DeviceKey::from_ed25519(SigningKey::from_seed([41; 32])),
        _ => DeviceKey::p256_from_secret(&[42; 32]).unwrap(),
    }
}

fn new_verifier() -> Verifier {
    Verifier::with_roots(vec![root().verifying_key()]).unwrap()
}

impl World {
    fn new() -> Self {
        let key = Key { number: 1, from: START, until: START + 400 * 86_400 };
        let (tokens, revoked, bundles, lists) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { now: START, keys: vec![key], tokens, revoked, bundles, lists }
    }

    fn issue(&mut self, life: u32, device_number: Option<u8>) {
        let Some(key) = self.keys.last() else { return };
        let draft = ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() };
        let issued_at = UnixTime::from_secs(self.now);
        let mut snapshot = Snapshot::new(Profile::parse(draft).unwrap(), issued_at, Ttl::from_secs(life).unwrap());
        let index = u32::try_from(self.tokens.len()).unwrap() * 1000;
        snapshot.holder_key = device_number.map(|number| device(number).holder_key());
        snapshot.revocation_index = Some(index);
        let text = Issuer::new(signing_key(key.number)).issue(&snapshot).unwrap().to_text();
        let token = Token { text, key: key.number, issued_at: self.now, life, device: device_number, index };
        self.tokens.push(token);
    }

    fn rotate(&mut self) {
        if let Some(last) = self.keys.last_mut() {
            // A second in which two keys may sign does no harm, and one in which none may would.
            last.until = self.now;
        }
        let number = self.keys.last().map_or(1, |key| key.number) + 1;
        self.keys.push(Key { number, from: self.now, until: self.now + 400 * 86_400 });
    }

    fn sign_files(&mut self) {
        let anchors = self.keys.iter().map(|key| TrustAnchor {
            grant: Grant {
                max_ttl: Some(Ttl::MAX),
                revocation_lists: true,
                not_before: UnixTime::from_secs(key.from),
                not_after: UnixTime::from_secs(key.until),
            },
            ..TrustAnchor::new(Some("Example".parse().unwrap()), signing_key(key.number).verifying_key())
        });
        let (now, epoch) = (UnixTime::from_secs(self.now), u32::try_from(self.bundles.len()).unwrap());
        let fresh = u32::try_from(FRESH).unwrap();
        let bundle = TrustBundle::new(epoch, now, fresh, anchors.collect()).unwrap().sign(&root()).unwrap();
        self.bundles.push(Bundle { text: bundle.to_text(), issued_at: self.now, keys: self.keys.clone() });
        self.sign_list(self.now, self.revoked.clone());
    }

    fn sign_list(&mut self, issued_at: u64, revoked: Vec<u32>) {
        let Some(key) = self.keys.last() else { return };
        let (epoch, fresh) = (u32::try_from(self.lists.len()).unwrap(), u32::try_from(FRESH).unwrap());
        let list = RevocationList::new(epoch, UnixTime::from_secs(issued_at), fresh, revoked.clone());
        let text = list.sign(&signing_key(key.number)).unwrap().to_text();
        self.lists.push(List { text, issued_at, signer: key.number, revoked });
    }

    /// What is shown: the token as it is, or a presentation of it.
    fn shown(&self, token: &Token, proof_age: u64, by: By) -> String {
        let owner = match (token.device, by) {
            (None, _) | (_, By::Nobody) => return token.text.clone(),
            (Some(owner), By::Owner) => owner,
            (Some(_), By::Thief) => {
                // A signature by another device, over the same.
                let pass = Pass::from_text(&token.text).unwrap();
                let now = UnixTime::from_secs(self.now - proof_age);
                let unsigned = pass.present(now, None).unwrap();
                let context = b"sealcard/v1/presentation\0".len();
                let signature = device(9).sign(unsigned.to_be_signed());
                let bytes = [&unsigned.to_be_signed()[context..], signature.as_bytes()].concat();
                return format!("SC1:{}", base45::encode(&bytes));
            }
        };
        let pass = Pass::from_text(&token.text).unwrap();
        let unsigned = pass.present(UnixTime::from_secs(self.now - proof_age), None).unwrap();
        unsigned.sign(&device(owner)).unwrap().to_text()
    }

    /// The keys that a verifier trusts which knows this.
    fn trusted(&self, known: &Known) -> &[Key] {
        known.bundle.map_or(&[], |bundle| &self.bundles[bundle].keys)
    }

    /// What the verdict must be, in the words of the issue: who is who, and what is when.
    fn verdict(&self, known: &Known, clock: u64, token: &Token, proof_age: u64, by: By) -> &'static str {
        let Some(key) = self.trusted(known).iter().find(|key| key.number == token.key) else { return "unknown_key" };
        let list = known.list.map(|list| &self.lists[list]);
        let proof_time = self.now - proof_age;
        if !(key.from..=key.until).contains(&token.issued_at) {
            "not_permitted"
        } else if token.device.is_some() && matches!(by, By::Nobody) {
            "proof_missing"
        } else if token.device.is_some() && matches!(by, By::Thief) {
            "proof_invalid"
        } else if clock + LEEWAY < known.floor {
            "clock_behind"
        } else if clock + LEEWAY < token.issued_at {
            "not_yet_valid"
        } else if clock > token.issued_at + u64::from(token.life) + LEEWAY {
            "expired"
        } else if token.device.is_some() && clock > proof_time + WINDOW {
            "proof_stale"
        } else if token.device.is_some() && clock + LEEWAY < proof_time {
            "proof_not_yet_valid"
        } else if list.is_some_and(|list| list.issued_at >= token.issued_at && list.revoked.contains(&token.index)) {
            "revoked"
        } else {
            match list {
                None => "unknown",
                Some(list) if clock <= list.issued_at + FRESH => "fresh",
                Some(_) => "stale",
            }
        }
    }

    fn bundle_outcome(&self, known: &Known, clock: u64, index: usize) -> &'static str {
        let issued_at = self.bundles[index].issued_at;
        match known.bundle {
            _ if clock + LEEWAY < known.floor => "clock_behind",
            _ if clock + LEEWAY < issued_at => "not_yet_valid",
            Some(known) if index < known => "rollback",
            Some(known) if index == known => "unchanged",
            _ => "applied",
        }
    }

    fn list_outcome(&self, known: &Known, clock: u64, index: usize) -> &'static str {
        let List { issued_at, signer, .. } = self.lists[index];
        let trusts = |number: u8| self.trusted(known).iter().find(|key| key.number == number);
        let Some(key) = trusts(signer) else { return "unknown_key" };
        let before = known.list.map(|list| &self.lists[list]);
        let counts = known.list.filter(|list| {
            let List { signer, issued_at, .. } = self.lists[*list];
            trusts(signer).is_some_and(|key| (key.from..=key.until).contains(&issued_at))
        });
        match counts {
            _ if !(key.from..=key.until).contains(&issued_at) => "not_permitted",
            _ if clock + LEEWAY < known.floor => "clock_behind",
            _ if clock + LEEWAY < issued_at => "not_yet_valid",
            _ if before.is_some_and(|before| issued_at < before.issued_at) => "rollback",
            Some(known) if index < known => "rollback",
            Some(known) if index == known => "unchanged",
            _ => "applied",
        }
    }
}

fn word(update: Result<Update, sealcard_core::VerifyError>) -> &'static str {
    match update {
        Ok(Update::Applied) => "applied",
        Ok(Update::Unchanged) => "unchanged",
        // Keys share hints by chance only; which of the two is said then is not the point here.
        Err(error) if error.code().as_str() == "bad_signature" => "unknown_key",
        Err(error) => error.code().as_str(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_history_ends_as_the_model_says(events in events()) {
        let mut world = World::new();
        world.sign_files();
        let (mut verifier, mut known, mut wrong) = (new_verifier(), Known::default(), 0_i64);
        for event in events {
            let clock = world.now.saturating_add_signed(wrong);
            let now = UnixTime::from_secs(clock);
            match event {
                Event::Wait(secs) => world.now += secs,
                Event::Issue { life, device } => world.issue(life, device),
                Event::Revoke(index) => {
                    let index = world.tokens.get(index).map(|token| token.index);
                    world.revoked.extend(index);
                }
                Event::Rotate => world.rotate(),
                Event::Withdraw(index) if world.keys.len() > 1 && index < world.keys.len() => _ = world.keys.remove(index),
                Event::Withdraw(_) => {}
                Event::SignFiles => world.sign_files(),
                Event::SignBackdated(secs) => world.sign_list(world.now - secs, Vec::new()),
                Event::Bundle(index) => {
                    let index = index.min(world.bundles.len() - 1);
                    let expected = world.bundle_outcome(&known, clock, index);
                    let bundle = &world.bundles[index];
                    prop_assert_eq!(word(verifier.update_trust_bundle(&bundle.text, now)), expected);
                    if expected == "applied" {
                        (known.bundle, known.floor) = (Some(index), known.floor.max(bundle.issued_at));
                    }
                }
                Event::List(index) => {
                    let index = index.min(world.lists.len() - 1);
                    let expected = world.list_outcome(&known, clock, index);
                    let list = &world.lists[index];
                    prop_assert_eq!(word(verifier.update_revocation_list(&list.text, now)), expected);
                    if expected == "applied" {
                        (known.list, known.floor) = (Some(index), known.floor.max(list.issued_at));
                    }
                }
                Event::Show { token, proof_age, by } => {
                    let Some(token) = world.tokens.get(token) else { continue };
                    let expected = world.verdict(&known, clock, token, proof_age, by);
                    let said = match verifier.verify(&world.shown(token, proof_age, by), now) {
                        Ok(verified) => {
                            known.floor = known.floor.max(token.issued_at);
                            verified.revocation().as_str()
                        }
                        Err(error) if error.code().as_str() == "bad_signature" => "unknown_key",
                        Err(error) => error.code().as_str(),
                    };
                    prop_assert_eq!(said, expected);
                }
                Event::SetClock(seconds) => wrong = seconds,
                Event::Restart => {
                    let mut next = new_verifier();
                    prop_assert_eq!(next.restore(&verifier.state(), verifier.changes()), Ok(()));
                    prop_assert_eq!(next.state(), verifier.state());
                    verifier = next;
                }
            }
            prop_assert_eq!(verifier.floor().as_secs(), known.floor);
        }
    }

    /// A state that was changed in any place is refused, and so is one older than asked for.
    #[test]
    fn a_state_is_all_or_nothing(at: usize, bits in 1_u8..) {
        let mut world = World::new();
        world.issue(86_400, None);
        world.sign_files();
        let mut verifier = new_verifier();
        let now = UnixTime::from_secs(world.now);
        let before = verifier.state();
        verifier.update_trust_bundle(&world.bundles[0].text, now).unwrap();
        verifier.update_revocation_list(&world.lists[0].text, now).unwrap();
        verifier.verify(&world.tokens[0].text, now).unwrap();
        let state = verifier.state();
        let mut changed = state.clone();
        changed[at % state.len()] ^= bits;
        prop_assert!(new_verifier().restore(&changed, 0).is_err());
        prop_assert!(new_verifier().restore(&state[..at % state.len()], 0).is_err());
        prop_assert!(new_verifier().restore(&state, verifier.changes() + 1).is_err());
        prop_assert!(new_verifier().restore(&before, verifier.changes()).is_err());
        prop_assert!(new_verifier().restore(&before, 0).is_ok());
        let stranger = Verifier::with_roots(vec![signing_key(5).verifying_key()]);
        let mut stranger = stranger.unwrap();
        prop_assert!(stranger.restore(&state, 0).is_ok());
        prop_assert!(stranger.trust_bundle().is_none() && stranger.floor() == verifier.floor(), "but the bundle");
        let mut learnt = new_verifier();
        learnt.update_trust_bundle(&world.bundles[0].text, now).unwrap();
        prop_assert!(learnt.restore(&state, 0).is_err(), "first restored, then taught");
        prop_assert!(new_verifier().restore(&state, verifier.changes()).is_ok());
    }
}
