//! What a verifier must accept, and what it must then say.

use sealcard_core::{Carrier, Issuer, Label, LinkDraft, LinkHost, Profile, ProfileDraft, Snapshot, Ttl, UnixTime};
use serde_json::{Value, json};

use super::forge::{self, NOW};
use super::{Vector, hex, trust};

pub fn vectors() -> Value {
    let mut vectors = Vec::new();
    fields(&mut vectors);
    limits(&mut vectors);
    scripts(&mut vectors);
    links(&mut vectors);
    validity(&mut vectors);
    carriers(&mut vectors);
    growth(&mut vectors);
    Value::Array(vectors)
}

fn draft() -> ProfileDraft {
    ProfileDraft { username: "ada".into(), display_name: "Ada Lovelace".into(), ..ProfileDraft::default() }
}

fn profile(change: impl FnOnce(&mut ProfileDraft)) -> Profile {
    let mut draft = draft();
    change(&mut draft);
    Profile::parse(draft).expect("within every limit")
}

fn snapshot(profile: Profile, life: u32) -> Snapshot {
    Snapshot::new(profile, UnixTime::from_secs(NOW), Ttl::from_secs(life).expect("in range"))
}

fn with(snapshot: &Snapshot, change: impl FnOnce(&mut Snapshot)) -> Snapshot {
    let mut changed = snapshot.clone();
    change(&mut changed);
    changed
}

/// A vector of this snapshot, and what must come out of it.
fn of_snapshot(vector: Vector, snapshot: &Snapshot) -> Value {
    let mut json = vector.to_json();
    json["expected"] = json!({
        "profile": snapshot.profile,
        "issuer": trust::issuer_of(vector.trust),
        "keyId": forge::key().verifying_key().id().to_string(),
        "issuedAt": snapshot.issued_at.as_secs(),
        "expiresAt": snapshot.expires_at().as_secs(),
        "card": snapshot.card,
        "event": snapshot.event,
        "otherFields": [],
    });
    json
}

fn usual(name: &str, snapshot: &Snapshot) -> Value {
    let text = Issuer::new(forge::key()).issue(snapshot).expect("it fits").to_text();
    of_snapshot(Vector::text(name, text), snapshot)
}

fn push(vectors: &mut Vec<Value>, name: &str, change: impl FnOnce(&mut ProfileDraft)) {
    vectors.push(usual(name, &snapshot(profile(change), 600)));
}

fn fields(vectors: &mut Vec<Value>) {
    push(vectors, "username and display name only", |_| {});
    push(vectors, "role", |draft| draft.role = Some("Analyst".into()));
    push(vectors, "company", |draft| draft.company = Some("Analytical Engines & Co.".into()));
    push(vectors, "bio", |draft| draft.bio = Some("Notes on the engine, Bernoulli numbers, poetical science.".into()));
    push(vectors, "pronouns", |draft| draft.pronouns = Some("she/her".into()));
    push(vectors, "avatar", |draft| {
        draft.avatar_url = Some("https://avatars.githubusercontent.com/u/81928642?v=4".into());
    });
    push(vectors, "accent colour", |draft| draft.accent_color = Some("#00ff7f".into()));
    push(vectors, "accent colour one off the default", |draft| draft.accent_color = Some("#6366f0".into()));
    push(vectors, "every field", |draft| {
        *draft = ProfileDraft {
            username: "Ada_L-1815".into(),
            display_name: "Ada Lovelace".into(),
            bio: Some("First of all: the engine weaves algebraic patterns! #math @babbage 100% <3".into()),
            pronouns: Some("she/they".into()),
            role: Some("Senior Analyst".into()),
            company: Some("Analytical Engines".into()),
            avatar_url: Some("https://github.com/ada.png".into()),
            accent_color: Some("#ABCDEF".into()),
            links: vec![link("github", "ada"), link("linkedin", "ada-lovelace"), link("email", "ada@engines.org")],
        };
    });
}

fn limits(vectors: &mut Vec<Value>) {
    push(vectors, "4,096 bytes of text", |draft| {
        // By anchors, in few bytes of the token; and each link's address takes as much memory again.
        draft.username = "abcdefghij".repeat(5);
        draft.display_name = "Ada".into();
        draft.bio = Some("한".repeat(300));
        draft.links = vec![link("github", &"abcdefghij".repeat(10)); 31];
        draft.links.push(link("linkedin", &"abcdefghij".repeat(5)[..43]));
    });
    push(vectors, "username of 3", |draft| draft.username = "a-_".into());
    push(vectors, "username of 50", |draft| draft.username = "Zq9".repeat(16) + "xx");
    push(vectors, "display name of 1", |draft| draft.display_name = "A".into());
    push(vectors, "display name of 100 beyond Latin", |draft| draft.display_name = "名".repeat(100));
    push(vectors, "bio of 300", |draft| draft.bio = Some("abcdefghi ".repeat(29) + "abcdefghij"));
    push(vectors, "bio of 300 emoji", |draft| draft.bio = Some("🚀🦀".repeat(150)));
    push(vectors, "bio that changes script with every character", |draft| draft.bio = Some("яa".repeat(150)));
    push(vectors, "bio of 300 Hangul syllables of three jamo", |draft| draft.bio = Some("한".repeat(300)));
    push(vectors, "role and company of 100", |draft| {
        draft.role = Some("é".repeat(100));
        draft.company = Some("Ω".repeat(100));
    });
    push(vectors, "pronouns of 50", |draft| draft.pronouns = Some("x/".repeat(25)));
    push(vectors, "avatar of 200 bytes", |draft| {
        draft.avatar_url = Some(format!("https://example.org/{}", "a".repeat(180)));
    });
    push(vectors, "32 links", |draft| draft.links = (0..32).map(|n| link("github", &format!("ada{n}"))).collect());
    push(vectors, "link username of 200", |draft| draft.links = vec![link("discord", &"x".repeat(200))]);
    push(vectors, "platform name of 50", |draft| draft.links = vec![link(&"p".repeat(50), "ada")]);
    push(vectors, "an address of 200 bytes", |draft| {
        draft.links = vec![link("custom", &format!("https://example.org/{}", "a".repeat(180)))];
    });
    push(vectors, "six combining marks in a row", |draft| {
        draft.display_name = "Z\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}y".into();
    });
}

fn scripts(vectors: &mut Vec<Value>) {
    for (script, text) in [
        ("Latin with marks", "Zoë Müller-O’Neil Żółć Đặng Ðórr ǅ"),
        ("Greek", "Αλέξανδρος Παπαδόπουλος"),
        ("Cyrillic", "Владимир Ёлкин, Київ"),
        ("Armenian", "Արամ Խաչատրյան"),
        ("Hebrew with points", "קָמָץ בְּרֵאשִׁ֖ית"),
        ("Arabic", "محمد عبد الله"),
        ("Persian with non-joiners", "علی‌رضا می\u{200c}خواهم"),
        ("Urdu", "سارہ احمد"),
        ("Devanagari with joiners", "शक्\u{200d}ति क्\u{200c}ष राहुल"),
        ("Bengali with ya-phalaa", "র\u{200d}\u{9cd}যাব সুমন"),
        ("Gurmukhi", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ"),
        ("Gujarati", "નરેન્દ્ર"),
        ("Tamil", "முத்து குமார்"),
        ("Telugu", "శ్రీనివాస్"),
        ("Kannada", "ಅನಿತಾ"),
        ("Malayalam with a chillu", "അവന്\u{200d} ലക്ഷ്മി"),
        ("Kannada with a joined ra", "ರ\u{200d}\u{ccd}ಯಾಂಕ್"),
        ("Mongolian with selectors", "ᠨ\u{180b}ᠣ ᠡ\u{180e}ᠣ"),
        ("Arabic with marks and non-joiners", "مُ\u{200c}م ٰ".trim_end_matches(" ٰ")),
        ("Javanese with a joiner", "ꦏ\u{a9c0}\u{200d}ꦫ"),
        ("Sinhala", "ක්\u{200d}රිෂ්"),
        ("Thai", "สมชาย ใจดี"),
        ("Lao", "ສົມສັກ"),
        ("Khmer", "សុខា"),
        ("Burmese", "အောင်ဆန်း"),
        ("Tibetan", "བསྟན་འཛིན"),
        ("Georgian", "გიორგი"),
        ("Ethiopic", "አበበ ቢቂላ"),
        ("Cherokee", "ᏣᎳᎩ"),
        ("Hangul", "김철수 한글 각힣"),
        ("Hangul compatibility jamo", "ㅋㅋㅋ"),
        ("Japanese", "山田　太郎 さくらカフェー"),
        ("Japanese with variation selectors", "渡邉\u{e0100}葛\u{e0101}"),
        ("Chinese beyond the basic plane", "𠮷野家 李明"),
        ("mathematical letters", "𝔄𝔡𝔞"),
        ("hieroglyphs", "𓀀𓁐"),
        ("a family and professions", "👨\u{200d}👩\u{200d}👧\u{200d}👦 👩🏽\u{200d}💻 🧑\u{200d}🚀"),
        ("hearts, keycaps and styles", "❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3} ☎\u{fe0e} ©\u{fe0f}"),
        (
            "flags",
            "🇩🇪 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 🏳\u{fe0f}\u{200d}🌈 🏴\u{200d}☠\u{fe0f}",
        ),
        ("symbols", "→ ∑ ★ ☕ ⌘ № ™ € ₹ ½"),
        ("everything printable in ASCII", r##"!"#$%&'()*+,-./0123456789:;<=>?@AZ[\]^_`az{|}~"##),
        ("Latin, Han, Cyrillic and emoji", "Li 李 Ли 🦀 Lee"),
    ] {
        push(vectors, &format!("script: {script}"), |draft| draft.display_name = text.into());
    }
}

fn link(platform: &str, username: &str) -> LinkDraft {
    LinkDraft { platform: platform.into(), username: username.into(), url: None }
}

fn links(vectors: &mut Vec<Value>) {
    let with_url =
        |platform: &str, username: &str, url: &str| LinkDraft { url: Some(url.into()), ..link(platform, username) };
    let numbered = [
        "github",
        "linkedin",
        "twitter",
        "gitlab",
        "devfolio",
        "npm",
        "devto",
        "hashnode",
        "medium",
        "leetcode",
        "hackerrank",
        "stackoverflow",
        "discord",
        "telegram",
        "instagram",
        "youtube",
        "twitch",
        "dribbble",
        "behance",
        "figma",
        "codepen",
        "replit",
        "producthunt",
        "bluesky",
        "codeberg",
        "hackernews",
        "kaggle",
        "threads",
        "huggingface",
        "reddit",
    ];
    push(vectors, "every platform with a name", |draft| {
        draft.links = numbered.iter().map(|platform| link(platform, "ada.l-1815_x")).collect();
    });
    push(vectors, "platforms with addresses and such", |draft| {
        draft.links = vec![
            link("email", "ada+card@mail.engines.org"),
            link("phone", "+44-20-7946-0018"),
            link("mastodon", "fosstodon.org/@ada"),
            link("portfolio", "https://ada.dev/?q=%C3%A9#top"),
            link("custom", "mailto:ada@engines.org"),
            link("website", "tel:+4930123456"),
        ];
    });
    push(vectors, "addresses of their own", |draft| {
        draft.links = vec![
            with_url("github", "engines", "https://github.com/orgs/engines"),
            with_url("linkedin", "Ada", "https://de.linkedin.com/in/ada"),
            with_url("twitter", "ada", "https://twitter.com/ada"),
            with_url("threads", "ada", "https://threads.com/ada"),
            with_url("threads", "ada", "https://www.threads.net/@ada"),
            with_url("discord", "engines", "https://discord.gg/engines"),
            with_url("custom", "My blog", "https://ada.dev/blog"),
            with_url("mastodon", "ada", "https://example.social/@ada"),
        ];
    });
    push(vectors, "addresses that not everything that reads addresses takes", |draft| {
        draft.links = vec![
            link("email", "a!#$'*+-/=^_`{|}~.b@engines.org"),
            link("custom", "mailto:a#b@engines.org"),
            with_url("custom", "Two marks", "https://ada.dev/?a=1?b#c#d"),
        ];
    });
    push(vectors, "unknown platforms travel by name", |draft| {
        draft.links = vec![
            with_url("myspace", "ada", "https://myspace.com/ada"),
            link("ICQ", "12345678"),
            link("微信", "艾达"),
            with_url("Git Hub", "ada", "https://anything.example/ada"),
            with_url("signal", "Ада", "tel:+4930123456"),
        ];
    });
    push(vectors, "handles made of anchors", |draft| {
        *draft = ProfileDraft {
            username: "jose-maria".into(),
            display_name: "José María O’Hara X. 3rd".into(),
            links: vec![
                link("github", "jose-maria"),
                link("twitter", "josemariaohara3rd"),
                link("gitlab", "other_handle"),
                link("devto", "other_handle"),
                link("portfolio", "https://www.ohara.dev/jose"),
                link("email", "jose@ohara.dev"),
                link("website", "https://ohara.dev"),
                link("discord", "josé#1234"),
                link("reddit", "other_handle"),
            ],
            ..ProfileDraft::default()
        };
    });
    push(vectors, "a username beyond ASCII of more than 300 bytes", |draft| {
        draft.links = vec![link("discord", &"名".repeat(200))];
    });
    let anchored = |name: &str, links: Vec<LinkDraft>| {
        let profile = profile(|draft| {
            *draft =
                ProfileDraft { username: "ada".into(), display_name: "Zo".into(), links, ..ProfileDraft::default() }
        });
        usual(&format!("anchor: {name}"), &snapshot(profile, 600))
    };
    for (name, links) in [
        ("the handle after a link", vec![link("github", "countess"), link("gitlab", "countess")]),
        ("not the username", vec![link("github", "countess"), link("gitlab", "ada"), link("npm", "countess")]),
        (
            "not stackoverflow",
            vec![link("github", "countess"), link("stackoverflow", "815/zz"), link("npm", "countess815/zz")],
        ),
        ("not beyond ASCII", vec![link("github", "countess"), link("discord", "gräfin"), link("npm", "countess")]),
        ("after the last @", vec![link("mastodon", "hachyderm.io/@countess"), link("npm", "countess")]),
        ("an unnumbered platform", vec![link("myspace", "countess"), link("npm", "countess")]),
        (
            "discord and phone",
            vec![link("discord", "countess"), link("phone", "+4930123456"), link("npm", "4930123456")],
        ),
        (
            "a link with an own address",
            vec![with_url("github", "countess", "https://github.com/orgs/x"), link("npm", "countess")],
        ),
        (
            "a portfolio's host",
            vec![
                link("portfolio", "https://www.qzx.dev/a/b"),
                link("email", "me@qzx.dev"),
                link("website", "https://qzx.dev"),
            ],
        ),
        (
            "a custom link's own host",
            vec![with_url("custom", "Blog", "https://qzx.dev/b"), link("email", "qzx@qzx.dev")],
        ),
        (
            "a mail's host",
            vec![link("email", "a@qzx.dev"), link("portfolio", "https://qzx.dev/"), link("npm", "qzx.dev")],
        ),
    ] {
        vectors.push(anchored(name, links));
    }
    push(vectors, "addresses at their limits", |draft| {
        draft.links = vec![
            link("portfolio", &format!("https://{}.Dev", "a".repeat(63))),
            link("portfolio", "https://Ada.x4?%c3%A9!$&'()*+,;="),
            link("custom", "https://a.b#"),
            link("email", &format!("{}@a.b", "a".repeat(64))),
            link("phone", "30.123"),
            link("phone", "(030)123456"),
            with_url("github", "ada", "https://GIST.GitHub.com/ada"),
            with_url("linkedin", "Ada Lovelace", "https://www.linkedin.com/in/ada%2dl"),
            link("linkedin", "jos%C3%A9"),
        ];
    });
    // The issuer may choose letters where an anchor would do, and a literal where there is a symbol.
    let letters = forge::Raw {
        links: vec![forge::RawLink { platform: forge::RawPlatform::Number(0), username: "ada".into(), own_url: None }],
        ..forge::Raw::new()
    };
    let chosen = profile(|draft| {
        draft.display_name = "Ada".into();
        draft.links = vec![link("github", "ada")];
    });
    let token = forge::short(&letters.text());
    vectors.push(of_snapshot(Vector::bytes("letters instead of anchors", &token), &snapshot(chosen, 600)));
    for (index, script) in sealcard_core::training::script::SCRIPTS.iter().enumerate() {
        // The first and the last of the script that may stand alone.
        let alone = |code: &u32| char::from_u32(*code).filter(|c| stands_alone(*c)).map(String::from);
        let last = (script.first..=script.last.min(0x3_0000)).rev().find_map(|code| alone(&code));
        for (name, text) in [("first", (script.first..=script.last).find_map(|code| alone(&code))), ("last", last)] {
            let text = text.expect("one at least");
            let code = text.chars().next().map_or(0, u32::from);
            let token = forge::short(&forge::literal_of_script(index, code));
            let of_name = profile(|draft| draft.display_name = text);
            let name = format!("the {name} literal of script {index}");
            vectors.push(of_snapshot(Vector::bytes(name, &token), &snapshot(of_name, 600)));
        }
    }
    let restless = profile(|draft| draft.display_name = "A".into());
    let token = forge::short(&forge::restless(749, "A"));
    vectors.push(of_snapshot(Vector::bytes("a text of 1,500 outcomes", &token), &snapshot(restless, 600)));
    let literal = profile(|draft| draft.display_name = "é".into());
    let token = forge::short(&forge::literal(0xe9));
    vectors.push(of_snapshot(Vector::bytes("a literal instead of a symbol", &token), &snapshot(literal, 600)));
}

/// Whether a character by itself is a display name that comes back as it is.
fn stands_alone(character: char) -> bool {
    let text = String::from(character);
    let parsed = text.parse::<Label>();
    parsed.is_ok_and(|label| label.as_str() == text)
}

fn validity(vectors: &mut Vec<Value>) {
    for (name, life) in [
        ("a life of 1 s", 1),
        ("a life of 599 s", 599),
        ("a life of 601 s", 601),
        ("a life of a day", 86_400),
        ("a life of 30 days", 2_592_000),
    ] {
        vectors.push(usual(name, &snapshot(profile(|_| {}), life)));
    }
    let usual_snapshot = snapshot(profile(|_| {}), 600);
    let text = Issuer::new(forge::key()).issue(&usual_snapshot).expect("it fits").to_text();
    for (name, now, leeway) in [
        ("at the first second with leeway", NOW - 60, 60),
        ("at the last second with leeway", NOW + 660, 60),
        ("at the first second without leeway", NOW, 0),
        ("at the last second without leeway", NOW + 600, 0),
        ("at 1970 with all the leeway there is", 0, u32::MAX),
    ] {
        vectors.push(of_snapshot(Vector { now, leeway, ..Vector::text(name, &text) }, &usual_snapshot));
    }
    let first = with(&usual_snapshot, |s| s.issued_at = UnixTime::from_secs(forge::EPOCH));
    let text = Issuer::new(forge::key()).issue(&first).expect("it fits").to_text();
    vectors.push(of_snapshot(Vector { now: forge::EPOCH, ..Vector::text("issued at the epoch", text) }, &first));
    let late = with(&usual_snapshot, |s| s.issued_at = UnixTime::from_secs(u64::MAX));
    let text = Issuer::new(forge::key()).issue(&late).expect("it fits").to_text();
    vectors
        .push(of_snapshot(Vector { now: u64::MAX, ..Vector::text("issued in the last second there is", text) }, &late));
}

fn carriers(vectors: &mut Vec<Value>) {
    let ada = snapshot(profile(|draft| draft.role = Some("Analyst".into())), 600);
    let token = Issuer::new(forge::key()).issue(&ada).expect("it fits");
    for host in [
        "card.example.org",
        "a.b",
        "xn--mnchen-3ya.de",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    ] {
        let carrier = Carrier::Link(LinkHost::parse(host).expect("a host"));
        let vector = Vector::text(format!("link to {host}"), token.to_text_of(&carrier));
        vectors.push(of_snapshot(Vector { link_host: Some(host), ..vector }, &ada));
    }
    let text = Vector::text("text, although a host for links is known", token.to_text());
    vectors.push(of_snapshot(Vector { link_host: Some("card.example.org"), ..text }, &ada));
    vectors.push(of_snapshot(Vector::bytes("bytes, as an NFC tag has them", token.as_bytes()), &ada));
    for (name, trust) in [
        ("two trusted keys with one hint", "twins"),
        ("the right key among 64", "many"),
        ("an issuer without a name", "nameless"),
    ] {
        let vector = Vector::bytes(name, token.as_bytes());
        vectors.push(of_snapshot(Vector { trust, ..vector }, &ada));
    }
}

fn growth(vectors: &mut Vec<Value>) {
    let label = |text: &str| Some(text.parse::<Label>().expect("a label"));
    let plain = snapshot(profile(|_| {}), 600);
    let text = forge::text_of(&plain.profile);
    vectors.push(usual("card", &with(&plain, |s| s.card = label("work"))));
    vectors.push(usual("event", &with(&plain, |s| s.event = label("RustConf 2026"))));
    let both = with(&snapshot(profile(|_| {}), 86_400), |s| {
        s.card = label(&"名".repeat(32));
        s.event = label("🎪");
    });
    vectors.push(usual("card of 32 characters, event and a life of a day", &both));
    let mut future = |name: &str, life: u64, fields: &[u8], base: &Snapshot, other: &[(u8, &[u8])]| {
        let mut json = of_snapshot(Vector::bytes(name, &forge::long(life, fields, &text)), base);
        json["expected"]["otherFields"] =
            other.iter().map(|(id, data)| json!({ "id": id, "data": hex(data) })).collect::<Value>();
        vectors.push(json);
    };
    future("future: a field of no bytes", 600, &forge::field(8, b""), &plain, &[(8, b"")]);
    let fields = [forge::field(2, b"work"), forge::field(10, b"\xff\x00"), forge::field(254, &[7; 255])].concat();
    let base = with(&plain, |s| s.card = label("work"));
    future("future: fields between and after known ones", 600, &fields, &base, &[(10, b"\xff\x00"), (254, &[7; 255])]);
    let ids = [8, 10, 12, 14];
    let full: Vec<u8> = ids.iter().flat_map(|id| forge::field(*id, &[1; 254])).collect();
    let other: Vec<(u8, &[u8])> = ids.iter().map(|id| (*id, &[1; 254][..])).collect();
    future("future: more than 1000 bytes of fields", 600, &full, &plain, &other);
}
