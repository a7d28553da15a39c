//! Profiles to test and measure with.

use sealcard_core::{LinkDraft, Profile, ProfileDraft};

fn link(platform: &str, username: &str) -> LinkDraft {
    LinkDraft { platform: platform.into(), username: username.into(), url: None }
}

/// A name and two links.
pub fn minimal() -> Profile {
    parse(ProfileDraft {
        username: "lauraparker".into(),
        display_name: "Laura Parker".into(),
        links: vec![link("github", "lauraparker"), link("email", "laura@parker.example")],
        ..ProfileDraft::default()
    })
}

/// What most people fill in: role, company, a sentence, a handful of links.
pub fn typical() -> Profile {
    parse(ProfileDraft {
        username: "nadia-k".into(),
        display_name: "Nadia Kowalski".into(),
        bio: Some("Backend engineer. Databases, bread baking and long train rides.".into()),
        pronouns: Some("she/her".into()),
        role: Some("Staff Engineer".into()),
        company: Some("Northwind Labs".into()),
        links: vec![
            link("github", "nadiak"),
            link("linkedin", "nadia-kowalski"),
            link("mastodon", "hachyderm.io/@nadiak"),
            link("portfolio", "https://nadia.codes"),
        ],
        ..ProfileDraft::default()
    })
}

/// Text in several scripts.
pub fn international() -> Profile {
    parse(ProfileDraft {
        username: "mehr_2001".into(),
        display_name: "مهرداد می\u{200c}خواهم".into(),
        bio: Some("東京で働くエンジニア。Люблю Rust и горы 🏔\u{fe0f}".into()),
        role: Some("सॉफ़्टवेयर इंजीनियर".into()),
        links: vec![link("telegram", "mehr_2001"), link("myspace", "mehr")],
        ..ProfileDraft::default()
    })
}

fn parse(draft: ProfileDraft) -> Profile {
    Profile::parse(draft).expect("within every limit")
}
