//! What a verifier must refuse, and with which code.

use curve25519_dalek::Scalar;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use sealcard_core::training::encode_events;
use sealcard_core::training::event::{self, Event, Tree};
use sealcard_core::training::symbol::{ANCHORS, END, PLATFORM, TEXT, start};
use sealcard_core::{Carrier, Issuer, LinkHost, Profile, ProfileDraft, SigningKey, Snapshot, Ttl, UnixTime};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::Vector;
use super::forge::{self, CONTEXT, NOW, Raw, RawLink, RawPlatform};

pub fn vectors() -> Value {
    let mut list = List(Vec::new());
    texts(&mut list);
    links_as_carrier(&mut list);
    envelopes(&mut list);
    keys_and_signatures(&mut list);
    bodies(&mut list);
    fields(&mut list);
    coded_text(&mut list);
    profiles(&mut list);
    unsafe_text(&mut list);
    links_of_profiles(&mut list);
    times(&mut list);
    Value::Array(list.0)
}

struct List(Vec<Value>);

impl List {
    fn push(&mut self, vector: Vector, error: &str) {
        let mut json = vector.to_json();
        json["error"] = json!(error);
        self.0.push(json);
    }

    fn text(&mut self, name: &str, text: &str, error: &str) {
        self.push(Vector::text(name, text), error);
    }

    fn bytes(&mut self, name: &str, token: &[u8], error: &str) {
        self.push(Vector::bytes(name, token), error);
    }

    /// A well-signed token whose profile is not acceptable.
    fn profile(&mut self, name: &str, change: impl FnOnce(&mut Raw)) {
        let mut raw = Raw::new();
        change(&mut raw);
        self.bytes(name, &forge::short(&raw.text()), "malformed");
    }

    fn link(&mut self, name: &str, link: RawLink) {
        self.profile(name, |raw| raw.links = vec![link]);
    }
}

fn snapshot() -> Snapshot {
    issued_at(NOW)
}

fn issued_at(time: u64) -> Snapshot {
    let draft = ProfileDraft { username: "ada".into(), display_name: "Ada Lovelace".into(), ..ProfileDraft::default() };
    let profile = Profile::parse(draft).expect("within every limit");
    Snapshot::new(profile, UnixTime::from_secs(time), Ttl::from_secs(600).expect("in range"))
}

fn token() -> Vec<u8> {
    Issuer::new(forge::key()).issue(&snapshot()).expect("it fits").as_bytes().into()
}

fn text_of(token: &[u8]) -> String {
    // Any bytes have a text: there is no other way to write them.
    let mut text = String::from("SC1:");
    let character = |value: usize| char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[value % 45]);
    for pair in token.chunks(2) {
        let number = pair.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        text.extend([character(number), character(number / 45)]);
        if pair.len() == 2 {
            text.push(character(number / 2025));
        }
    }
    text
}

/// What makes the coded text end with a character alone.
fn lone(coded: &str) -> &'static str {
    if coded.len() % 3 == 2 { "00" } else { "0" }
}

fn texts(list: &mut List) {
    let good = text_of(&token());
    let coded = &good[4..];
    for (name, text) in [
        ("no text", String::new()),
        ("the prefix alone", "SC1:".into()),
        ("half the prefix", "SC".into()),
        ("no prefix", coded.into()),
        ("prefix in lower case", format!("sc1:{coded}")),
        ("prefix without colon", format!("SC1{coded}")),
        ("prefix of another version", format!("SC2:{coded}")),
        ("prefix twice", format!("SC1:{good}")),
        ("all in lower case", good.to_lowercase()),
        ("a space before it", format!(" {good}")),
        ("a space after it", format!("{good} ")),
        ("a line end after it", format!("{good}\n")),
        ("CR LF after it", format!("{good}\r\n")),
        ("a tab before it", format!("\t{good}")),
        ("a byte-order mark before it", format!("\u{feff}{good}")),
        ("a line end inside", format!("{}\n{}", &good[..30], &good[30..])),
        ("a zero byte after it", format!("{good}\0")),
        ("a quoted text", format!("\"{good}\"")),
        ("full-width prefix", format!("ＳＣ１：{coded}")),
        ("one character in lower case", good.replacen('S', "s", 2).replacen('s', "S", 1)),
        ("an underscore inside", format!("{}_{}", &good[..30], &good[31..])),
        ("a letter beyond ASCII inside", format!("{}É{}", &good[..30], &good[31..])),
        ("percent-encoded", good.replace(' ', "%20").replace('$', "%24")),
        ("a plus for every space", good.replace(' ', "+")),
        ("a lone last character", format!("{good}{}", lone(coded))),
        ("the last character missing", good[..good.len() - 1].into()),
        ("a triple of 65536", format!("SC1:GGX{}", &coded[3..])),
        ("a triple of 91124", format!("SC1::::{}", &coded[3..])),
        ("a last pair of 256", format!("{}V5", text_of(&token()[..66]))),
        ("a last pair of 2024", format!("{}::", text_of(&token()[..66]))),
        ("more bytes than any token", text_of(&[0x11; 2049])),
        ("longer than any QR code", format!("SC1:{}", "0".repeat(4293))),
        ("a JWT", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.AAAA".into()),
        ("a web address", "https://example.org/u/ada".into()),
        ("a card", "BEGIN:VCARD\nFN:Ada\nEND:VCARD".into()),
    ] {
        list.text(
            &format!("text: {name}"),
            &text,
            if name == "a plus for every space" { "bad_signature" } else { "malformed" },
        );
    }
}

fn links_as_carrier(list: &mut List) {
    const HOST: &str = "card.example.org";
    let carrier = Carrier::Link(LinkHost::parse(HOST).expect("a host"));
    let good = Issuer::new(forge::key()).issue(&snapshot()).expect("it fits").to_text_of(&carrier);
    let coded = good.split_once('#').expect("a fragment").1;
    list.text("link: to a verifier without a host", &good, "malformed");
    for (name, text) in [
        ("to another host", good.replace(HOST, "evil.example.org")),
        // Base41 of 0x29 0x07 and 64 zeros: the host is looked at before the version.
        ("to another host, of another version", format!("https://evil.example.org/s#{}{}", "006", "0".repeat(96))),
        ("to a host below", good.replace(HOST, "a.card.example.org")),
        ("host in capitals", good.replace(HOST, "CARD.example.org")),
        ("host with a dot at its end", good.replace(HOST, "card.example.org.")),
        ("with a port", good.replace(HOST, "card.example.org:443")),
        ("with a user", good.replace(HOST, "ada@card.example.org")),
        ("http", good.replace("https", "http")),
        ("scheme in capitals", good.replace("https", "HTTPS")),
        ("without a scheme", good.replace("https://", "")),
        ("with a query", good.replace("/s#", "/s?a=b#")),
        ("with a slash more", good.replace("/s#", "/s/#")),
        ("another path", good.replace("/s#", "/S#")),
        ("path percent-encoded", good.replace("/s#", "/%73#")),
        ("no fragment", good.replace('#', "")),
        ("two fragments", good.replace('#', "##")),
        ("fragment percent-encoded", good.replace('+', "%2B")),
        ("fragment in lower case", format!("https://{HOST}/s#{}", coded.to_lowercase())),
        ("fragment in base45", format!("https://{HOST}/s#{}", &text_of(&token())[4..])),
        ("fragment with the prefix", format!("https://{HOST}/s#{}", text_of(&token()))),
        ("a triple of 65536", format!("https://{HOST}/s#I.-")),
        ("a triple of 68920", format!("https://{HOST}/s#...{}", &coded[3..])),
        ("a star in the fragment", format!("https://{HOST}/s#{}*", &coded[..coded.len() - 1])),
        ("a lone last character", format!("{good}{}", lone(coded))),
        ("empty fragment", format!("https://{HOST}/s#")),
        ("a space before it", format!(" {good}")),
        ("a space after it", format!("{good} ")),
        ("SC1 and base41", format!("SC1:{coded}")),
    ] {
        let vector = Vector { link_host: Some(HOST), ..Vector::text(format!("link: {name}"), text) };
        list.push(vector, "malformed");
    }
}

fn envelopes(list: &mut List) {
    let good = token();
    list.bytes("bytes: none", &[], "malformed");
    list.bytes("bytes: one", &good[..1], "malformed");
    list.bytes(
        "bytes: 65, too few for a hint and a signature",
        &good[good.len() - 65..].iter().map(|_| 0x11).collect::<Vec<_>>(),
        "malformed",
    );
    list.bytes("bytes: 2049", &[&good[..], &[0; 2049][good.len()..]].concat(), "malformed");
    for first in [0x00, 0x01, 0x10, 0x13, 0x14, 0x15, 0x18, 0x1a, 0x21, 0x29, 0x91, 0xff] {
        let mut unsigned = good[..good.len() - 64].to_vec();
        unsigned[0] = first;
        let token = forge::signed_by(&forge::key(), CONTEXT, &unsigned);
        list.bytes(&format!("first byte {first:#04x}"), &token, "unsupported_version");
    }
    let longest = text_of(&[0x14; 2861]);
    assert_eq!(longest.len(), 4296);
    list.text("first byte unknown, and as long as any text", &longest, "unsupported_version");
    list.bytes("first byte unknown, and nothing else", &[0x15], "unsupported_version");
    list.bytes("first byte unknown, and longer than any snapshot", &[0x14; 2500], "unsupported_version");
    list.bytes("2049 bytes, whose first says snapshot", &[0x11; 2049], "malformed");
}

fn keys_and_signatures(list: &mut List) {
    let good = token();
    let changed = |at: usize, bits: u8| {
        let mut token = good.clone();
        token[at] ^= bits;
        token
    };
    list.push(Vector { trust: "stranger", ..Vector::bytes("key: unknown", &good) }, "unknown_key");
    list.bytes("key: hint changed", &changed(1, 1), "unknown_key");
    list.push(Vector { trust: "twinOnly", ..Vector::bytes("key: another with the same hint", &good) }, "bad_signature");
    list.bytes("form bit changed", &changed(0, 8), "bad_signature");
    let last = good.len() - 1;
    for (name, at, bits) in [
        ("the first bit of the time", 2, 0x80),
        ("the last bit of the time", 5, 0x01),
        ("the first bit of the text", 6, 0x80),
        ("the last bit of the text", last - 64, 0x01),
        ("the first bit of R", last - 63, 0x80),
        ("the sign of R", last - 32, 0x80),
        ("the first bit of S", last - 31, 0x01),
        ("a bit in the middle of S", last - 15, 0x10),
        ("the highest bit of S", last, 0x80),
    ] {
        list.bytes(&format!("changed: {name}"), &changed(at, bits), "bad_signature");
    }
    let (unsigned, signature) = good.split_at(good.len() - 64);
    list.bytes("a byte more at the end", &[&good[..], &[0]].concat(), "bad_signature");
    list.bytes("a byte less at the end", &good[..last], "bad_signature");
    list.bytes("a byte more before the signature", &[unsigned, &[0], signature].concat(), "bad_signature");
    list.bytes("the signature twice", &[&good[..], signature].concat(), "bad_signature");
    list.bytes("no body", &[&good[..2], signature].concat(), "bad_signature");
    list.bytes("signature of zeros", &[unsigned, &[0; 64]].concat(), "bad_signature");
    list.bytes("signature of ones", &[unsigned, &[0xff; 64]].concat(), "bad_signature");
    let other = Issuer::new(forge::key()).issue(&issued_at(NOW + 1));
    let other = other.expect("it fits");
    let its = &other.as_bytes()[other.as_bytes().len() - 64..];
    list.bytes("another token's signature", &[unsigned, its].concat(), "bad_signature");
    list.bytes(
        "another key's signature",
        &forge::signed_by(&SigningKey::from_seed([9; 32]), CONTEXT, unsigned),
        "bad_signature",
    );
    for (name, context) in [
        ("no context", &b""[..]),
        ("the context without its zero", b"sealcard/v1/snapshot"),
        ("the presentation's context", b"sealcard/v1/presentation\0"),
        ("the context of version 2", b"sealcard/v2/snapshot\0"),
    ] {
        list.bytes(
            &format!("signed with {name}"),
            &forge::signed_by(&forge::key(), context, unsigned),
            "bad_signature",
        );
    }

    // What laxer implementations of Ed25519 accept.
    let message = [CONTEXT, unsigned].concat();
    list.bytes("S + L", &[unsigned, &plus_order(signature)].concat(), "bad_signature");
    for (number, point) in EIGHT_TORSION.iter().enumerate() {
        // With r = 0 the equation of a lax verifier holds for R = 0; for the others up to the cofactor.
        let r = point.compress().to_bytes();
        let s = challenge(&r, forge::key().verifying_key().as_bytes(), &message) * secret();
        let name = format!("R of small order {number}");
        list.bytes(&name, &[unsigned, &r, s.as_bytes()].concat(), "bad_signature");
    }
    let mut zero = [0; 32];
    (zero[0], zero[31]) = (1, 0x80);
    let s = challenge(&zero, forge::key().verifying_key().as_bytes(), &message) * secret();
    list.bytes("R of small order, not canonical", &[unsigned, &zero, s.as_bytes()].concat(), "bad_signature");
    // R with a component of small order: the equation holds with the cofactor, not without.
    let r = Scalar::from(7_u8);
    for (number, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        let point = (r * ED25519_BASEPOINT_POINT + torsion).compress().to_bytes();
        let s = r + challenge(&point, forge::key().verifying_key().as_bytes(), &message) * secret();
        let name = format!("valid only with the cofactor {number}");
        list.bytes(&name, &[unsigned, &point, s.as_bytes()].concat(), "bad_signature");
    }
}

/// The secret scalar of the vectors' key (RFC 8032).
fn secret() -> Scalar {
    let hash = Sha512::digest([7_u8; 32]);
    let mut low: [u8; 32] = hash[..32].try_into().expect("half of it");
    low[0] &= 248;
    low[31] = low[31] & 127 | 64;
    Scalar::from_bytes_mod_order(low)
}

fn challenge(r: &[u8], key: &[u8], message: &[u8]) -> Scalar {
    let hash = Sha512::digest([r, key, message].concat());
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// The same signature with L added to S.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0_u16;
    for (byte, order) in sum[32..].iter_mut().zip(L) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
    sum
}

fn bodies(list: &mut List) {
    let text = Raw::new().text();
    let time = forge::varint(NOW - forge::EPOCH);
    let short = |body: &[&[u8]]| forge::token(0x11, &body.concat());
    let long = |body: &[&[u8]]| forge::token(0x19, &body.concat());
    let mut malformed = |name: &str, token: &[u8]| list.bytes(&format!("body: {name}"), token, "malformed");
    malformed("none, short form", &short(&[]));
    malformed("none, long form", &long(&[]));
    malformed("time cut off", &short(&[&time[..3]]));
    malformed("time padded", &short(&[&[0x85, 0x80, 0x00], &text]));
    malformed("time of eleven bytes", &short(&[&[0x80; 10], &[0x00], &text]));
    malformed("time of 2^64", &short(&[&[0x80; 9], &[0x02], &text]));
    malformed("time beyond the last second", &short(&[&[0xff; 9], &[0x01], &text]));
    malformed("long form of what the short one says", &long(&[&time, &[0xd8, 0x04, 0x00], &text]));
    malformed("long form without life", &long(&[&time]));
    malformed("life 0", &forge::long(0, b"", &text));
    malformed("life of 30 days and a second", &forge::long(2_592_001, b"", &text));
    malformed("life of 2^32", &forge::long(1 << 32, b"", &text));
    malformed("life padded", &long(&[&time, &[0xd9, 0x84, 0x00, 0x00], &text]));
    malformed("length of fields padded", &long(&[&time, &[0xd9, 0x04, 0x80, 0x00], &text]));
    malformed("length of fields missing", &long(&[&time, &[0xd9, 0x04]]));
    malformed("fields longer than the body", &long(&[&time, &[0xd9, 0x04, 0x7f], &text]));
    malformed("fields of 2^63 bytes", &long(&[&time, &[0xd9, 0x04], &forge::varint(1 << 63), &text]));
}

fn fields(list: &mut List) {
    let text = Raw::new().text();
    let card = forge::field(2, b"work");
    let event = forge::field(4, b"EU");
    let mut push = |name: &str, fields: &[u8], error: &str| {
        list.bytes(&format!("field: {name}"), &forge::long(600, fields, &text), error);
    };
    push("id 0", &forge::field(0, b""), "malformed");
    push("ids descend", &[&event[..], &card].concat(), "malformed");
    push("the same twice", &[&card[..], &card].concat(), "malformed");
    push("unknown twice", &[forge::field(8, b"a"), forge::field(8, b"b")].concat(), "malformed");
    push("an id without a length", &[2], "malformed");
    push("length beyond the fields", &[2, 5, b'w', b'o', b'r', b'k'], "malformed");
    push("bytes left over", &[&card[..], &[4]].concat(), "malformed");
    push("an empty card", &forge::field(2, b""), "malformed");
    push("an empty event", &forge::field(4, b""), "malformed");
    push("a card of 33 characters", &forge::field(2, &[b'x'; 33]), "malformed");
    push("a card with a space at its end", &forge::field(2, b"work "), "malformed");
    push("a card with a line end", &forge::field(2, b"a\nb"), "malformed");
    push("a card that is not NFC", &forge::field(2, "e\u{301}".as_bytes()), "malformed");
    push("a card that is not UTF-8", &forge::field(2, &[0xff]), "malformed");
    push("a card of overlong UTF-8", &forge::field(2, &[0xc1, 0x81]), "malformed");
    push("an event with a bidi override", &forge::field(4, "a\u{202e}b".as_bytes()), "malformed");
    push("odd and unknown", &forge::field(7, b"key"), "unsupported_version");
    push("odd and unknown after known ones", &[&card[..], &forge::field(255, b"")].concat(), "unsupported_version");
    push("odd and unknown, then out of order", &[forge::field(7, b""), card.clone()].concat(), "malformed");
    push("out of order, then odd and unknown", &[&event[..], &card, &forge::field(7, b"")].concat(), "malformed");
    for (name, token) in [
        ("a text that is none", forge::long(600, &forge::field(7, b""), b"\xff\xff\xff\xff")),
        ("a life of a year", forge::long(31_536_000, &forge::field(7, b""), &text)),
        ("a life of 0", forge::long(0, &forge::field(7, b""), &text)),
        (
            "1500 bytes of fields",
            forge::long(1, &[8, 10, 12, 14, 16, 17].map(|id| forge::field(id, &[0; 248])).concat(), &text),
        ),
    ] {
        list.bytes(&format!("field: odd and unknown, and {name}"), &token, "unsupported_version");
    }
}

fn coded_text(list: &mut List) {
    let text = Raw::new().text();
    let mut push =
        |name: &str, text: &[u8]| list.bytes(&format!("coded text: {name}"), &forge::short(text), "malformed");
    push("none", &[]);
    push("a zero byte more", &[&text[..], &[0]].concat());
    push("a byte more", &[&text[..], &[1]].concat());
    push("a byte less", &text[..text.len() - 1]);
    let mut end = text.clone();
    *end.last_mut().expect("not empty") ^= 1;
    push("another end", &end);
    push("twice", &[&text[..], &text].concat());
    push("beyond the last share", &[0xff; 8]);
    push("zeros and a one", &[0, 0, 0, 0, 0, 0, 0, 1]);
    push("a surrogate as a literal", &forge::literal(0xd800));
    push("a literal beyond Unicode", &forge::literal(0x11_0000));
    push("1,501 outcomes", &forge::restless(749, "AA"));
    push("1,502 outcomes", &forge::restless(750, "A"));
    let mut handle = Raw::new().events();
    let at = handle.iter().position(|event| *event == Event::Character('A')).expect("the name");
    let username = at + 4;
    handle.splice(username + 1..username + 1, [Event::Symbol(ANCHORS[1]); 1]);
    let mut inside = handle.clone();
    inside.splice(username + 2..username + 2, [Event::Symbol(TEXT)]);
    push("TEXT inside a handle", &encode_events(inside));
    let mut after_nothing = Raw::new().events();
    let anchor = [Event::Symbol(ANCHORS[4]), Event::Symbol(TEXT)];
    // The three letters and END give way.
    after_nothing.splice(username + 1..username + 5, anchor.into_iter().chain(event::of_text("ada", start::TEXT)));
    push("TEXT after an empty anchor", &encode_events(after_nothing));
    push(
        "an empty anchor as the whole username",
        &encode_events(Raw::new().events().into_iter().enumerate().filter_map(|(index, event)| {
            match index.cmp(&(username + 1)) {
                std::cmp::Ordering::Equal => Some(Event::Symbol(ANCHORS[4])),
                _ if (username + 2..username + 4).contains(&index) => None,
                _ => Some(event),
            }
        })),
    );
}

fn profiles(list: &mut List) {
    list.profile("username of 2", |raw| raw.username = "ab".into());
    list.profile("username of 51", |raw| raw.username = "a".repeat(51));
    list.profile("username of 301", |raw| raw.username = "a".repeat(301));
    list.profile("no username", |raw| raw.username = String::new());
    list.profile("username with a dot", |raw| raw.username = "a.d.a".into());
    list.profile("username with a space", |raw| raw.username = "a da".into());
    list.profile("username beyond ASCII", |raw| raw.username = "adä".into());
    list.profile("no display name", |raw| raw.display_name = String::new());
    list.profile("display name of 101", |raw| raw.display_name = "a".repeat(101));
    list.profile("role present and empty", |raw| raw.role = Some(String::new()));
    list.profile("role of 101", |raw| raw.role = Some("a".repeat(101)));
    list.profile("company present and empty", |raw| raw.company = Some(String::new()));
    list.profile("company of 101", |raw| raw.company = Some("a".repeat(101)));
    list.profile("bio present and empty", |raw| raw.bio = Some(String::new()));
    list.profile("bio of 301", |raw| raw.bio = Some("a".repeat(301)));
    list.profile("bio of 301 beyond Latin", |raw| raw.bio = Some("名".repeat(301)));
    list.profile("pronouns present and empty", |raw| raw.pronouns = Some(String::new()));
    list.profile("pronouns of 51", |raw| raw.pronouns = Some("a".repeat(51)));
    list.profile("the default colour written out", |raw| raw.color = Some(0x63_66_f1));
    list.profile("avatar present and empty", |raw| raw.avatar = Some(String::new()));
    list.profile("avatar of 201 bytes", |raw| raw.avatar = Some(format!("example.org/{}", "a".repeat(181))));
    // By anchors, as the valid one of 4,096: letters alone would not fit in a token.
    let mut large = Raw { username: "abcdefghij".repeat(5), bio: Some("한".repeat(300)), ..Raw::new() }.events();
    large.truncate(large.len() - 2);
    let mut previous = start::LINKS;
    for link in 0..32 {
        let github = [Event::Enter(Tree::Links, Some(previous)), Event::Symbol(PLATFORM)];
        large.extend(github);
        previous = PLATFORM;
        if link < 31 {
            let username = [Event::Symbol(ANCHORS[0]), Event::Symbol(ANCHORS[0]), Event::Symbol(END)];
            large.extend([Event::Enter(Tree::Handle, Some(start::PLATFORM))].into_iter().chain(username));
        } else {
            large.extend(event::of_handle(&"a".repeat(44), Some(start::PLATFORM)));
        }
    }
    large.extend([Event::Enter(Tree::Links, Some(previous)), Event::Symbol(END)]);
    let large = forge::short(&encode_events(large));
    assert!(large.len() <= 2048);
    list.bytes("4,097 bytes of text", &large, "malformed");
    list.profile("avatar by mail", |raw| raw.avatar = Some("mailto:ada@example.org".into()));
    list.profile("avatar on a host without a dot", |raw| raw.avatar = Some("localhost/a.png".into()));
}

/// As FORMAT.md has them.
const NEVER_SHOWN: [(u32, u32); 33] = [
    (0x0, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x70f, 0x70f),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x200b, 0x200b),
    (0x200e, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0d),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffc),
    (0xfffe, 0xffff),
    (0x13430, 0x1345f),
    (0x16fe4, 0x16fe4),
    (0x1bca0, 0x1bca3),
    (0x1d159, 0x1d159),
    (0x1d173, 0x1d17a),
    (0x1fffe, 0x1ffff),
    (0x2fffe, 0x2ffff),
    (0x3fffe, 0x3ffff),
    (0x40000, 0xdffff),
    (0xe0000, 0xe00ff),
    (0xe01f0, 0xeffff),
    (0xf0000, 0x10_ffff),
];

fn unsafe_text(list: &mut List) {
    for (name, text) in [
        ("a zero", "a\0b"),
        ("a line end", "a\nb"),
        ("a tab", "a\tb"),
        ("a control of C1", "a\u{85}b"),
        ("DEL", "a\u{7f}b"),
        ("a space before", " Ada"),
        ("a space after", "Ada "),
        ("an ideographic space after", "名\u{3000}"),
        ("a soft hyphen", "a\u{ad}b"),
        ("a zero-width space", "a\u{200b}b"),
        ("a left-to-right mark", "a\u{200e}b"),
        ("an Arabic letter mark", "a\u{61c}b"),
        ("a bidi embedding", "a\u{202a}b"),
        ("a bidi override", "a\u{202e}b"),
        ("a bidi isolate", "a\u{2066}b\u{2069}"),
        ("a word joiner", "a\u{2060}b"),
        ("a byte-order mark", "\u{feff}a"),
        ("a Hangul filler", "a\u{3164}b"),
        ("a blank Braille pattern", "a\u{2800}b"),
        ("private use", "a\u{e000}b"),
        ("private use beyond the basic plane", "a\u{f0000}b"),
        ("a noncharacter", "a\u{fffe}b"),
        ("a replacement for objects", "a\u{fffc}b"),
        ("a grapheme joiner", "a\u{34f}b"),
        ("a Mongolian variation selector", "a\u{180b}b"),
        ("a tag", "a\u{e0041}"),
        ("not NFC", "e\u{301}"),
        ("not NFC, a singleton", "\u{212b}"),
        ("not NFC, marks out of order", "q\u{307}\u{323}"),
        ("a mark first", "\u{301}a"),
        ("seven marks in a row", "Z\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}"),
        ("a non-joiner in Latin", "pay\u{200c}pal"),
        ("a non-joiner at the end", "می\u{200c}"),
        ("a non-joiner between Arabic digits", "١\u{200c}٢"),
        ("a joiner in Latin", "pay\u{200d}pal"),
        ("a joiner alone", "\u{200d}"),
        ("a joiner after an emoji, before a letter", "🚀\u{200d}a"),
        ("a joiner at the end", "🚀\u{200d}"),
        ("a joiner in Devanagari without virama", "राम\u{200d}"),
        ("a style after a letter", "a\u{fe0f}"),
        ("a style after a digit without a keycap", "7\u{fe0f}"),
        ("a text style before a keycap", "1\u{fe0e}\u{20e3}"),
        ("a variation selector after a letter", "a\u{e0100}"),
        ("the first variation selector", "☕\u{fe00}"),
        ("a keycap after an emoji", "☕\u{fe0f}\u{20e3}"),
        ("a style after an emoji with a style", "☕\u{fe0f}\u{fe0f}"),
        ("a Mongolian selector twice", "ᠨ\u{180b}\u{180b}"),
        ("a joiner after a text style", "☕\u{fe0e}\u{200d}☕"),
        ("a joiner before virama, after another letter", "ক\u{200d}\u{9cd}য"),
        ("a non-joiner before an Arabic mark", "م\u{200c}\u{64f}م"),
        ("a non-joiner after an Arabic mark, before a space", "مُ\u{200c} م"),
        ("seven marks, one of them a style", "☕\u{fe0f}\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}"),
        ("a flag of no region", "🏴\u{e0067}\u{e0062}\u{e0078}\u{e0078}\u{e0078}\u{e007f}"),
        ("a flag without its end", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}"),
        ("tags after the end of a flag", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0067}"),
    ] {
        list.profile(&format!("unsafe text: {name}"), |raw| raw.display_name = text.into());
    }
    for (first, last) in NEVER_SHOWN {
        for code in [first, last] {
            let character = char::from_u32(code).expect("no surrogate");
            list.profile(&format!("never shown: U+{code:04X}"), |raw| raw.display_name = format!("a{character}b"));
            if first == last {
                break;
            }
        }
    }
    for code in [0x09, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000] {
        let space = char::from_u32(code).expect("no surrogate");
        list.profile(&format!("white space at the end: U+{code:04X}"), |raw| raw.display_name = format!("a{space}"));
    }
    list.profile("unsafe text in a bio", |raw| raw.bio = Some("hello\u{202e}".into()));
    list.profile("unsafe text in pronouns", |raw| raw.pronouns = Some("she\u{200b}".into()));
}

fn links_of_profiles(list: &mut List) {
    let numbered = |number, username: &str| RawLink {
        platform: RawPlatform::Number(number),
        username: username.into(),
        own_url: None,
    };
    let with_own =
        |number, username: &str, url: &str| RawLink { own_url: Some(url.into()), ..numbered(number, username) };
    let named =
        |name: &str, username: &str| RawLink { platform: RawPlatform::Name(name.into()), ..numbered(0, username) };
    list.profile("33 links", |raw| raw.links = vec![numbered(0, "ada"); 33]);
    for (name, link) in [
        ("no username", numbered(0, "")),
        ("a username with a space", numbered(0, "a b")),
        ("a username with a query", numbered(0, "ada?x=1")),
        ("a username with a fragment", numbered(0, "ada#x")),
        ("a username that climbs", numbered(0, "../ada")),
        ("a username that climbs with a percent code", numbered(1, "%2e%2E/ada")),
        ("a username with a dot in a percent code", numbered(1, "ada%2ex")),
        ("a username with a dot in a percent code of capitals", numbered(1, "ada%2Ex")),
        ("a username with a dot part", numbered(0, "a/./b")),
        ("a username that is a dot", numbered(0, ".")),
        ("a username with half a percent code", numbered(0, "a%4")),
        ("a username of 201", numbered(12, &"x".repeat(201))),
        ("a username that makes an address of 201 bytes", numbered(0, &"x".repeat(182))),
        ("mail without a host", numbered(14, "ada")),
        ("mail with a parameter", numbered(14, "ada@example.org?bcc=eve@example.org")),
        ("mail to two", numbered(14, "ada@example.org,eve@example.org")),
        ("mail with two dots", numbered(14, "a..b@example.org")),
        ("a phone of two digits", numbered(35, "12")),
        ("a phone of sixteen digits", numbered(35, "1234567890123456")),
        ("a phone with a space", numbered(35, "+49 30")),
        ("mastodon with a user", numbered(27, "user:password@evil.example")),
        ("a portfolio that is no host", numbered(15, "portfolio")),
        ("a portfolio at an address in numbers", numbered(15, "127.0.0.1/")),
        ("a portfolio with a port", numbered(15, "ada.dev:8443/")),
        ("a portfolio with a user", numbered(15, "good.example@evil.example")),
        ("a portfolio beyond ASCII", numbered(15, "münchen.de")),
        ("a portfolio with a backslash", numbered(15, "ada.dev\\@evil.example")),
        ("a script as an own address", with_own(16, "x", "javascript:alert(1)")),
        ("an own address in http", with_own(16, "x", "http://ada.dev")),
        ("an own address of 201 bytes", with_own(16, "x", &format!("example.org/{}", "a".repeat(181)))),
        ("an empty own address", with_own(16, "x", "")),
        ("the platform's address as an own one", with_own(0, "ada", "github.com/ada")),
        ("an own address elsewhere", with_own(0, "ada", "evil.example/ada")),
        ("an own address on a look-alike", with_own(0, "ada", "evilgithub.com/ada")),
        ("an own address with the host in front", with_own(0, "ada", "github.com.evil.example/ada")),
        ("an own address by mail on github", with_own(0, "ada", "mailto:ada@example.org")),
        ("an own address of a mail", with_own(14, "ada@example.org", "mailto:eve@example.org")),
        ("an own address of a phone", with_own(35, "+4930123456", "tel:+4930123457")),
        ("an own address on discord elsewhere", with_own(12, "ada", "evil.example")),
        ("a known platform by name", named("github", "ada")),
        ("a known platform by name in capitals", named("GitHub", "ada")),
        ("a portfolio with a last label that begins with a digit", numbered(15, "ada.4a/")),
        ("a portfolio with a label of 64", numbered(15, &format!("{}.dev/", "a".repeat(64)))),
        ("a portfolio with a label that begins with a dash", numbered(15, "-ada.dev/")),
        ("a portfolio with a label that ends with a dash", numbered(15, "ada-.dev/")),
        ("a portfolio with an empty label", numbered(15, "ada..dev/")),
        ("a portfolio with a dot at the host's end", numbered(15, "ada.dev./")),
        ("a portfolio with an underscore in the host", numbered(15, "a_da.dev/")),
        ("a portfolio with a quote in the path", numbered(15, "ada.dev/\"x")),
        ("mail with a local part of 65", numbered(14, &format!("{}@example.org", "a".repeat(65)))),
        ("mail with a dot first", numbered(14, ".ada@example.org")),
        ("mail in quotes", numbered(14, "\"ada\"@example.org")),
        ("a phone with a plus inside", numbered(35, "49+30123456")),
        ("a phone with two pluses", numbered(35, "++4930123456")),
        ("an own address on threads' look-alike", with_own(32, "x", "threads.example/ada")),
        ("an own address on matrix elsewhere", with_own(39, "x", "matrix.org/ada")),
        ("a username with an exclamation mark", numbered(0, "ada!")),
        ("a portfolio with a bracket in the path", numbered(15, "ada.dev/[1]")),
        ("mastodon's own address by mail", with_own(27, "ada", "mailto:ada@example.org")),
        ("a platform without a name", named("", "ada")),
        ("a platform's name of 51", named(&"p".repeat(51), "ada")),
        ("a platform's name that is unsafe", named("git\u{200b}hub", "ada")),
        ("an unknown platform without a username", named("myspace", "")),
        ("a username that is unsafe", named("myspace", "a\u{202e}b")),
    ] {
        list.link(&format!("link of the profile: {name}"), link);
    }
}

fn times(list: &mut List) {
    let good = token();
    for (name, now, leeway, error) in [
        ("a second too early", NOW - 61, 60, "not_yet_valid"),
        ("a second too late", NOW + 661, 60, "expired"),
        ("a second too early without leeway", NOW - 1, 0, "not_yet_valid"),
        ("a second too late without leeway", NOW + 601, 0, "expired"),
        ("in 1970", 0, 60, "not_yet_valid"),
        ("at the end of time", u64::MAX, 60, "expired"),
    ] {
        list.push(Vector { now, leeway, ..Vector::bytes(format!("time: {name}"), &good) }, error);
    }
    let long = forge::long(2_592_000, b"", &Raw::new().text());
    let late = NOW + 2_592_061;
    list.push(Vector { now: late, ..Vector::bytes("time: a second after 30 days", &long) }, "expired");
    // What is refused does not depend on what else is wrong.
    let forged = [&good[..good.len() - 1], &[good[good.len() - 1] ^ 1]].concat();
    list.push(Vector { now: late, ..Vector::bytes("time: forged and expired", &forged) }, "bad_signature");
    let broken = forge::short(&[0xff; 8]);
    list.push(Vector { now: late, ..Vector::bytes("time: malformed and expired", &broken) }, "malformed");
}
