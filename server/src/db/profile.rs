//! A profile as it is stored: with the ids of its account and links.

use sealcard_core::{Link, LinkDraft, Profile, ProfileDraft};
use sqlx::FromRow;

use super::{DbError, EditError};

/// A profile, and the ids that belong to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProfile {
    /// The account's id.
    pub account_id: String,
    /// The profile.
    pub profile: Profile,
    /// One id for each of the profile's links, in their order.
    pub link_ids: Vec<String>,
}

impl StoredProfile {
    /// The links with their place and id, in their order.
    pub fn links(&self) -> impl Iterator<Item = (usize, &str, &Link)> {
        self.link_ids.iter().zip(self.profile.links()).enumerate().map(|(order, (id, link))| (order, id.as_str(), link))
    }

    /// Replaces the fields of a draft of this profile, links aside.
    ///
    /// # Errors
    /// [`EditError::Profile`] if the result breaks a limit.
    pub fn change_fields(&mut self, change: impl FnOnce(&mut ProfileDraft)) -> Result<(), EditError> {
        let mut draft = ProfileDraft::from(&self.profile);
        change(&mut draft);
        self.profile = Profile::parse(draft)?;
        Ok(())
    }

    /// Adds a link at the end.
    ///
    /// # Errors
    /// [`EditError::Profile`] if the link, or one link more, breaks a limit.
    pub fn add_link(&mut self, id: String, link: LinkDraft) -> Result<(), EditError> {
        self.change_fields(|draft| draft.links.push(link))?;
        self.link_ids.push(id);
        Ok(())
    }

    /// Changes the link with this id.
    ///
    /// # Errors
    /// [`EditError::NoSuchLink`], or [`EditError::Profile`] if the result breaks a limit.
    pub fn change_link(&mut self, id: &str, change: impl FnOnce(&mut LinkDraft)) -> Result<(), EditError> {
        let index = self.position_of(id)?;
        self.change_fields(|draft| {
            if let Some(link) = draft.links.get_mut(index) {
                change(link);
            }
        })
    }

    /// Removes the link with this id.
    ///
    /// # Errors
    /// [`EditError::NoSuchLink`].
    pub fn remove_link(&mut self, id: &str) -> Result<(), EditError> {
        let index = self.position_of(id)?;
        self.link_ids.remove(index);
        self.change_fields(|draft| {
            draft.links.remove(index);
        })
    }

    /// Puts the links in the order of `ids`.
    ///
    /// # Errors
    /// [`EditError::NotAPermutation`] if an id is missing, unknown or there twice.
    pub fn reorder_links(&mut self, ids: Vec<String>) -> Result<(), EditError> {
        let mut sorted = (ids.clone(), self.link_ids.clone());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        if sorted.0 != sorted.1 {
            return Err(EditError::NotAPermutation);
        }
        let old = ProfileDraft::from(&self.profile).links;
        let order = ids.iter().map(|id| self.position_of(id)).collect::<Result<Vec<_>, _>>()?;
        self.change_fields(|draft| draft.links = order.iter().filter_map(|at| old.get(*at).cloned()).collect())?;
        self.link_ids = ids;
        Ok(())
    }

    fn position_of(&self, id: &str) -> Result<usize, EditError> {
        self.link_ids.iter().position(|known| known == id).ok_or(EditError::NoSuchLink)
    }

    pub(super) fn parse(account: AccountRow, links: Vec<LinkRow>) -> Result<Self, DbError> {
        let (link_ids, links) = links.into_iter().map(LinkRow::split).unzip();
        let draft = ProfileDraft {
            username: account.username,
            display_name: account.display_name,
            bio: account.bio,
            pronouns: account.pronouns,
            role: account.role,
            company: account.company,
            avatar_url: account.avatar_url,
            accent_color: Some(account.accent_color),
            links,
        };
        let profile = Profile::parse(draft).map_err(DbError::Damaged)?;
        Ok(Self { account_id: account.id, profile, link_ids })
    }
}

/// The profile's columns of the table `accounts`.
#[derive(FromRow)]
pub(super) struct AccountRow {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) bio: Option<String>,
    pub(super) pronouns: Option<String>,
    pub(super) role: Option<String>,
    pub(super) company: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) accent_color: String,
}

/// A row of the table `links`.
#[derive(FromRow)]
pub(super) struct LinkRow {
    id: String,
    platform: String,
    username: String,
    url: Option<String>,
}

impl LinkRow {
    fn split(self) -> (String, LinkDraft) {
        (self.id, LinkDraft { platform: self.platform, username: self.username, url: self.url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredProfile {
        let link = |name: &str| LinkDraft { platform: "github".into(), username: name.into(), url: None };
        let draft = ProfileDraft {
            username: "ada".into(),
            display_name: "Ada".into(),
            links: vec![link("one"), link("two"), link("three")],
            ..ProfileDraft::default()
        };
        StoredProfile {
            account_id: "a".into(),
            profile: Profile::parse(draft).unwrap(),
            link_ids: ["1", "2", "3"].map(String::from).to_vec(),
        }
    }

    fn names(stored: &StoredProfile) -> Vec<(&str, &str)> {
        let names = stored.profile.links().iter().map(|link| link.username().as_str());
        stored.link_ids.iter().map(String::as_str).zip(names).collect()
    }

    #[test]
    fn ids_stay_with_their_links() {
        let mut stored = stored();
        stored.reorder_links(["3", "1", "2"].map(String::from).to_vec()).unwrap();
        assert_eq!(names(&stored), [("3", "three"), ("1", "one"), ("2", "two")]);
        stored.remove_link("1").unwrap();
        stored.change_link("2", |link| link.username = "zwei".into()).unwrap();
        assert_eq!(names(&stored), [("3", "three"), ("2", "zwei")]);
    }

    #[test]
    fn a_refused_change_leaves_everything_as_it_was() {
        let mut stored = stored();
        let before = stored.clone();
        for ids in [vec![], vec!["1", "2"], vec!["1", "2", "2"], vec!["1", "2", "4"], vec!["1", "2", "3", "3"]] {
            let ids = ids.into_iter().map(String::from).collect();
            assert!(matches!(stored.reorder_links(ids), Err(EditError::NotAPermutation)));
        }
        assert!(matches!(stored.remove_link("4"), Err(EditError::NoSuchLink)));
        assert!(stored.change_link("1", |link| link.username = String::new()).is_err());
        assert!(stored.add_link("4".into(), LinkDraft::default()).is_err());
        assert!(stored.change_fields(|draft| draft.display_name.clear()).is_err());
        assert_eq!(stored, before);
    }
}
