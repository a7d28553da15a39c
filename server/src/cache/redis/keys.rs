//! How keys are called in Redis.

use super::super::Declaration;

/// What stands before every key, from the settings, and the versions of the values, from the table.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
    versions: Vec<(&'static str, u16)>,
}

impl Names {
    pub(super) fn new(prefix: &str, table: &[Declaration]) -> Self {
        let versioned = table.iter().filter(|declaration| declaration.version > 0);
        let versions = versioned.map(|declaration| (declaration.prefix(), declaration.version)).collect();
        Self { prefix: prefix.to_owned(), versions }
    }

    /// The key of a value, or the pattern of such keys.
    pub(super) fn key(&self, key: &str) -> String {
        match self.versions.iter().find(|(prefix, _)| key.starts_with(prefix)) {
            Some((_, version)) => format!("{}v{version}:{key}", self.prefix),
            None => format!("{}{key}", self.prefix),
        }
    }

    /// What a key is called in the rest of the program, if it is one of ours.
    pub(super) fn logical<'a>(&self, key: &'a str) -> Option<&'a str> {
        let key = key.strip_prefix(self.prefix.as_str())?;
        let versioned = self.versions.iter().find_map(|(prefix, version)| {
            key.strip_prefix(&format!("v{version}:")).filter(|key| key.starts_with(prefix))
        });
        Some(versioned.unwrap_or(key))
    }

    /// The key of the permission to write a value, or the pattern of such keys. It shares the value's slot in a cluster, so
    /// that a script may see both.
    pub(super) fn lease(key: &str) -> String {
        format!("{{{key}}}:lease")
    }

    /// The key that says under which versions of its tags a value was written. In the value's slot too.
    pub(super) fn versions(key: &str) -> String {
        format!("{{{key}}}:versions")
    }

    /// The key of the version of a tag, given as [`Self::tag`] has it. Values of another version do not count.
    pub(super) fn version(tag: &str) -> String {
        format!("{{{tag}}}:version")
    }

    /// The set of the keys that have a tag: it tells what to remove, and whoever looks. Nothing rests on its being whole.
    pub(super) fn tag(&self, tag: &str) -> String {
        format!("{}cache:tag:{tag}", self.prefix)
    }

    /// Up to which change of which log a member's values are good. Members of a cluster differ in the number that makes
    /// the key theirs.
    pub(super) fn marker(&self, number: u16) -> String {
        format!("{}cache:good-until:{{{number}}}{}", self.prefix, self.form())
    }

    /// Says which versions are spoken of: servers of different versions must not believe each other's word.
    pub(super) fn form(&self) -> String {
        self.versions.iter().map(|(prefix, version)| format!(":{prefix}{version}")).collect()
    }

    /// The channel on which invalidations are told.
    pub(super) fn invalidations(&self) -> String {
        format!("{}cache:invalidate", self.prefix)
    }

    /// The channel on which servers say that they are there, and what they have heard.
    pub(super) fn servers(&self) -> String {
        format!("{}cache:servers", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Tiers;
    use super::*;

    const fn declaration(key: &'static str, version: u16) -> Declaration {
        Declaration { name: "test", key, ttl_secs: 1, tags: &[], tiers: Tiers::Both, version }
    }

    #[test]
    fn there_and_back() {
        let names = Names::new("test_", &[declaration("profile:{u}", 0), declaration("computed:{id}", 2)]);
        for (logical, physical) in [("profile:ada", "test_profile:ada"), ("computed:x", "test_v2:computed:x")] {
            assert_eq!(names.key(logical), physical);
            assert_eq!(names.logical(physical), Some(logical));
        }
        assert_eq!(names.logical("profile:ada"), None);
        assert_eq!(Names::lease(&names.key("profile:ada")), "{test_profile:ada}:lease");
        assert_eq!(Names::version(&names.tag("all")), "{test_cache:tag:all}:version");
        assert_eq!(names.marker(3), "test_cache:good-until:{3}:computed:2");
    }

    #[test]
    fn without_settings_the_names_are_the_literal_ones() {
        let names = Names::new("", &[declaration("profile:{u}", 0)]);
        assert_eq!(names.key("profile:ada"), "profile:ada");
        assert_eq!(names.tag("products"), "cache:tag:products");
        assert_eq!(names.invalidations(), "cache:invalidate");
    }
}
