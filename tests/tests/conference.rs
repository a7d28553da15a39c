//! Three days, 500 attendees, no network at the doors: how each story of the hall ends.

use std::collections::BTreeMap;

use sealcard_core::qr::QrMatrix;
use sealcard_core::{
    Challenge, DeviceKey, ErrorCorrection, Freshness, Grant, Issuer, Pass, QrSize, RevocationList, RevocationPolicy,
    SigningKey, Snapshot, TrustAnchor, TrustBundle, Ttl, UnixTime, Update, VerifiedSnapshot, Verifier,
};
use sealcard_tests::{profiles, zbar};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// The evening before, when everybody is still online.
const EVE: u64 = 1_800_000_000;
const ATTENDEES: u16 = 500;

struct Phone {
    device: DeviceKey,
    pass: Pass,
}

impl Phone {
    fn show(&self, now: u64) -> String {
        self.answer(now, None)
    }

    fn answer(&self, now: u64, challenge: Option<&Challenge>) -> String {
        let unsigned = self.pass.present(UnixTime::from_secs(now), challenge).unwrap();
        unsigned.sign(&self.device).unwrap().to_text()
    }
}

fn time(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

fn device(number: u16) -> DeviceKey {
    let mut secret = [0x11; 32];
    secret[..2].copy_from_slice(&number.to_be_bytes());
    DeviceKey::p256_from_secret(&secret).unwrap()
}

fn issuer(number: u8) -> Issuer {
    Issuer::new(SigningKey::from_seed([number; 32]))
}

/// A place in the list that tells nothing about the attendee's number.
fn place(number: u16) -> u32 {
    (u32::from(number) * 2_097 + 77) % (1 << 20)
}

fn phone(issuer: &Issuer, number: u16, issued_at: u64) -> Phone {
    let device = device(number);
    let mut snapshot = Snapshot::new(profiles::typical(), time(issued_at), Ttl::from_secs(5 * 86_400).unwrap());
    snapshot.event = Some("RustConf".parse().unwrap());
    (snapshot.holder_key, snapshot.revocation_index) = (Some(device.holder_key()), Some(place(number)));
    let pass = Pass::from_text(&issuer.issue(&snapshot).unwrap().to_text()).unwrap();
    Phone { device, pass }
}

/// The organiser's root, and two keys of the issuer's: the second signs from noon of the second day on.
fn bundle(root: &SigningKey) -> String {
    let anchor = |issuer: &Issuer, from: u64, until: u64| TrustAnchor {
        grant: Grant {
            max_ttl: Some(Ttl::MAX),
            revocation_lists: true,
            not_before: time(from),
            not_after: time(until),
        },
        ..TrustAnchor::new(Some("RustConf".parse().unwrap()), issuer.verifying_key())
    };
    let change = EVE + DAY + DAY / 2;
    let anchors = vec![anchor(&issuer(1), EVE - DAY, change), anchor(&issuer(2), change, change + 90 * DAY)];
    TrustBundle::new(1, time(EVE), 7 * 86_400, anchors).unwrap().sign(root).unwrap().to_text()
}

/// A door that was online on the eve, and restarts every hour from what it has stored.
struct Door {
    root: SigningKey,
    state: Vec<u8>,
    changes: u32,
}

impl Door {
    fn new() -> Self {
        let root = SigningKey::from_seed([0x60; 32]);
        let mut verifier = Verifier::with_roots(vec![root.verifying_key()]).unwrap();
        verifier.update_trust_bundle(&bundle(&root), time(EVE)).unwrap();
        let nothing_revoked = RevocationList::new(1, time(EVE), 86_400, vec![]).sign(issuer(1).signing_key());
        verifier.update_revocation_list(&nothing_revoked.unwrap().to_text(), time(EVE)).unwrap();
        let (state, changes) = (verifier.state(), verifier.changes());
        Self { root, state, changes }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Verifier) -> T) -> T {
        let mut verifier = Verifier::with_roots(vec![self.root.verifying_key()]).unwrap();
        verifier.restore(&self.state, self.changes).unwrap();
        let done = act(&mut verifier);
        (self.state, self.changes) = (verifier.state(), verifier.changes());
        done
    }

    fn scan(&mut self, text: &str, now: u64) -> Result<VerifiedSnapshot, &'static str> {
        self.with(|verifier| verifier.verify(text, time(now)).map_err(|error| error.code().as_str()))
    }
}

#[test]
fn five_hundred_people_come_in_on_three_days_without_a_network() {
    let issuer = issuer(1);
    let phones: Vec<_> = (0..ATTENDEES).map(|number| phone(&issuer, number, EVE)).collect();
    let mut door = Door::new();
    let mut versions = BTreeMap::new();
    for (number, phone) in (0_u64..).zip(&phones) {
        // Some 170 a day, one every two minutes in the morning.
        let now = EVE + DAY / 2 + number % 3 * DAY + number * 40;
        let text = phone.show(now);
        let verified = door.scan(&text, now + 3).unwrap();
        assert_eq!((verified.issuer(), verified.proven_at()), (Some("RustConf"), Some(time(now))));
        let size = QrSize::of_text(&text, ErrorCorrection::M).unwrap();
        *versions.entry(size.version()).or_insert(0) += 1;
    }
    assert!(versions.keys().all(|version| *version <= 13), "{versions:?}");
    // By the third day the list is stale, and the verdict says how old it is.
    let now = EVE + 3 * DAY;
    let verified = door.scan(&phones[0].show(now), now).unwrap();
    assert_eq!(verified.revocation(), Freshness::Stale { age_secs: 3 * DAY });
    assert_eq!(verified.trust(), Freshness::Fresh { age_secs: 3 * DAY });
}

#[test]
fn a_lost_phone_is_turned_away_once_the_list_has_come_by_qr_code() {
    let (lost, other) = (phone(&issuer(1), 7, EVE), phone(&issuer(1), 8, EVE));
    let mut door = Door::new();
    let now = EVE + DAY;
    assert!(door.scan(&lost.show(now), now).is_ok(), "nobody here knows yet");
    // A volunteer who was online for a moment shows the list: a hundred of 100,000 passes are revoked by now.
    let revoked = (0..99).map(|n| n * 10_501).chain([place(7)]).collect();
    let list = RevocationList::new(2, time(now), 86_400, revoked).sign(issuer(1).signing_key()).unwrap().to_text();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("list.png");
    std::fs::write(&picture, QrMatrix::new(&list).unwrap().to_png(1_200).unwrap()).unwrap();
    let photographed = zbar::read(&picture);
    assert_eq!(photographed, list);
    assert_eq!(door.with(|door| door.update_revocation_list(&photographed, time(now + 60))), Ok(Update::Applied));
    assert_eq!(door.scan(&lost.show(now + 90), now + 90), Err("revoked"));
    assert!(door.scan(&other.show(now + 90), now + 90).is_ok());
    // The thief shows the list of the eve, as it was; and the list grows stale, and says the same.
    let old = RevocationList::new(1, time(EVE), 86_400, vec![]).sign(issuer(1).signing_key()).unwrap().to_text();
    let refused = door.with(|door| door.update_revocation_list(&old, time(now + 99)));
    assert_eq!(refused.map_err(|error| error.code().as_str()), Err("rollback"));
    assert_eq!(door.scan(&lost.show(now + 2 * DAY), now + 2 * DAY), Err("revoked"));
}

#[test]
fn a_key_rotated_on_the_second_day_needs_nobody_online() {
    let change = EVE + DAY + DAY / 2;
    let mut door = Door::new();
    let (early, late) = (phone(&issuer(1), 1, EVE), phone(&issuer(2), 2, change + HOUR));
    let now = change + 2 * HOUR;
    assert!(door.scan(&early.show(now), now).is_ok());
    assert!(door.scan(&late.show(now), now).is_ok());
    // The old key in a thief's hands after its time, and the new one before it.
    assert_eq!(door.scan(&phone(&issuer(1), 3, change + HOUR).show(now), now), Err("not_permitted"));
    assert_eq!(door.scan(&phone(&issuer(2), 3, change - HOUR).show(now), now), Err("not_permitted"));
}

#[test]
fn a_forged_badge_is_refused() {
    let mut door = Door::new();
    let now = EVE + DAY;
    // By a key of the forger's own; by a pass of somebody else, on the forger's phone; with a name changed.
    assert!(
        door.scan(&phone(&issuer(66), 1, EVE).show(now), now)
            .is_err_and(|code| code == "unknown_key" || code == "bad_signature")
    );
    let somebody = phone(&issuer(1), 1, EVE);
    let unsigned = somebody.pass.present(time(now), None).unwrap();
    assert!(unsigned.sign(&device(66)).is_err(), "our own app would not even make it");
    let text = somebody.show(now);
    for at in (5..text.len()).step_by(7) {
        let mut changed = text.clone();
        changed.replace_range(at..=at, if &text[at..=at] == "0" { "1" } else { "0" });
        assert!(door.scan(&changed, now).is_err(), "{at}");
    }
}

#[test]
fn a_screenshot_dies_within_a_minute_and_at_once_where_a_challenge_is_set() {
    let somebody = phone(&issuer(1), 1, EVE);
    let mut door = Door::new();
    let now = EVE + DAY;
    let screenshot = somebody.show(now);
    assert!(door.scan(&screenshot, now + 60).is_ok());
    assert_eq!(door.scan(&screenshot, now + 61), Err("proof_stale"));
    assert_eq!(door.scan(&screenshot, now + DAY), Err("proof_stale"));
    // The speakers' door asks.
    let challenge = |n: u8| Challenge::from_bytes(&[n; 8]).unwrap();
    let mut ask = |text: &str, n: u8| {
        door.with(|door| door.verify_answer(text, &challenge(n), time(now)).map(|_| ()).map_err(|e| e.code().as_str()))
    };
    assert_eq!(ask(&screenshot, 1), Err("wrong_challenge"));
    assert_eq!(ask(&somebody.answer(now, Some(&challenge(1))), 1), Ok(()));
    assert_eq!(ask(&somebody.answer(now, Some(&challenge(1))), 2), Err("wrong_challenge"), "the next person's");
}

#[test]
fn a_phone_with_the_wrong_date_is_told_so() {
    let somebody = phone(&issuer(1), 1, EVE);
    let mut door = Door::new();
    let now = EVE + DAY;
    // The holder's: an hour behind looks like a screenshot, an hour ahead like the future.
    assert_eq!(door.scan(&somebody.show(now - HOUR), now), Err("proof_stale"));
    assert_eq!(door.scan(&somebody.show(now + HOUR), now), Err("proof_not_yet_valid"));
    // The door's: set back to before the eve, or so far ahead that all passes have expired.
    assert_eq!(door.scan(&somebody.show(now), EVE - 61), Err("clock_behind"));
    assert_eq!(door.scan(&somebody.show(now), EVE + 6 * DAY), Err("expired"));
    assert!(door.scan(&somebody.show(now), now).is_ok(), "and nothing of it sticks");
}

#[test]
fn a_strict_door_takes_no_stale_list() {
    let somebody = phone(&issuer(1), 1, EVE);
    let mut door = Door::new();
    let mut strict = |now: u64| {
        door.with(|door| {
            let mut strict = door.clone().with_revocation_policy(RevocationPolicy::RequireFresh);
            strict.verify(&somebody.show(now), time(now)).map(|_| ()).map_err(|error| error.code().as_str())
        })
    };
    assert_eq!(strict(EVE + DAY), Ok(()));
    assert_eq!(strict(EVE + DAY + 1), Err("revocation_stale"));
}

/// What the lists of NUMBERS' size take: a thousand of a million, and a hundred of a hundred thousand.
#[test]
fn lists_are_as_small_as_they_can_be() {
    let mut random = 0x5ea1_ca4d_u64;
    let mut draw = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        u32::try_from(random % below).unwrap()
    };
    let mut size = |revoked: usize, places: u64| {
        let mut indices = std::collections::BTreeSet::new();
        while indices.len() < revoked {
            indices.insert(draw(places));
        }
        let list = RevocationList::new(1_000, time(EVE), 86_400, indices.iter().copied().collect());
        assert!(indices.iter().all(|index| list.contains(*index)));
        list.sign(issuer(1).signing_key()).unwrap().as_bytes().len()
    };
    let (million, hundred_thousand) = (size(1_000, 1 << 20), size(100, 1 << 20));
    println!("signed lists: 1,000 of 1 M: {million} bytes; 100 of 100 k in as many places: {hundred_thousand} bytes");
    assert!(million <= 1_536, "{million}");
    assert!(QrSize::of_token(hundred_thousand, &sealcard_core::Carrier::Text, ErrorCorrection::M).is_some());
    assert!(size(100, 100_000) <= 144 + 64 + 20);
}
