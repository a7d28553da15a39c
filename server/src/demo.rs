//! The demo user: DevCard's `devcard-demo` with its eight links.

use sealcard_core::{LinkDraft, Profile, ProfileDraft, ProfileError};

use crate::clock;
use crate::db::{DbError, NO_PASSWORD, NewAccount, Repository};

/// The demo user's name.
pub const USERNAME: &str = "devcard-demo";

/// The demo user's profile.
///
/// # Errors
/// None; it is within every limit, which a test checks.
pub fn profile() -> Result<Profile, ProfileError> {
    let link =
        |platform: &str, username: &str| LinkDraft { platform: platform.into(), username: username.into(), url: None };
    Profile::parse(ProfileDraft {
        username: USERNAME.into(),
        display_name: "Alex Chen".into(),
        bio: Some("Full-stack developer who likes open source, good coffee and small binaries.".into()),
        pronouns: Some("they/them".into()),
        role: Some("Senior Software Engineer".into()),
        company: Some("OpenSource Inc.".into()),
        links: vec![
            link("github", "alexchen"),
            link("linkedin", "alexchen"),
            link("twitter", "alexchen_dev"),
            link("devfolio", "alexchen"),
            link("portfolio", "https://alexchen.dev"),
            link("leetcode", "alexchen"),
            link("discord", "alexchen"),
            link("email", "alex@alexchen.dev"),
        ],
        ..ProfileDraft::default()
    })
}

/// Adds the demo user if there is none. Nobody can log in as it. To be called before there is a cache: a server that follows
/// its own first change half a second later would forget what it has just cached.
///
/// # Errors
/// [`DbError`].
pub async fn seed(db: &dyn Repository) -> Result<(), DbError> {
    let account = NewAccount {
        id: uuid::Uuid::new_v4().to_string(),
        password_hash: NO_PASSWORD.into(),
        profile: profile().map_err(DbError::Damaged)?,
        created_at: clock::now(),
    };
    match db.create_account(account).await {
        Ok(_) | Err(DbError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_demo_profile_is_within_every_limit() {
        assert_eq!(super::profile().unwrap().links().len(), 8);
    }
}
