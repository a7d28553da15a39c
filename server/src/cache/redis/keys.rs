//! How keys are called in Redis.

use super::super::Declaration;
use super::RedisOptions;

/// What stands before every key, from the settings, and the versions of the values, from the table.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
    /// [`RedisOptions::version`](super::RedisOptions::version), as it stands in a key.
    version: String,
    /// [`RedisOptions::data`](super::RedisOptions::data): these have no version.
    data: &'static [&'static str],
    versions: Vec<(&'static str, u16)>,
}

impl Names {
    pub(super) fn new(options: &RedisOptions, table: &[Declaration]) -> Self {
        let versioned = table.iter().filter(|declaration| declaration.version > 0);
        let versions = versioned.map(|declaration| (declaration.prefix(), declaration.version)).collect();
        let version = options.version.map(|version| format!("v{version}:")).unwrap_or_default();
        Self { prefix: options.prefix.clone(), version, data: options.data, versions }
    }

    /// The key of a value, or the pattern of such keys.
    pub(super) fn key(&self, key: &str) -> String {
        if self.is_data(key) {
            return format!("{}{key}", self.prefix);
        }
        match self.versions.iter().find(|(prefix, _)| key.starts_with(prefix)) {
            Some((_, version)) => format!("{}{}v{version}:{key}", self.prefix, self.version),
            None => format!("{}{}{key}", self.prefix, self.version),
        }
    }

    fn is_data(&self, key: &str) -> bool {
        self.data.iter().any(|data| key.starts_with(data))
    }

    /// What a key is called in the rest of the program, if it is one of ours.
    pub(super) fn logical<'a>(&self, key: &'a str) -> Option<&'a str> {
        let key = key.strip_prefix(self.prefix.as_str())?;
        if self.is_data(key) {
            return Some(key);
        }
        let key = key.strip_prefix(self.version.as_str())?;
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
        format!("{}{}cache:tag:{tag}", self.prefix, self.version)
    }

    /// Up to which change of which log a member's values are good. Members of a cluster differ in the number that makes
    /// the key theirs.
    pub(super) fn marker(&self, number: u16) -> String {
        format!("{}{}cache:good-until:{{{number}}}{}", self.prefix, self.version, self.form())
    }

    /// Says which versions are spoken of: servers of different versions must not believe each other's word.
    pub(super) fn form(&self) -> String {
        self.versions.iter().map(|(prefix, version)| format!(":{prefix}{version}")).collect()
    }

    /// The channel on which invalidations are told.
    pub(super) fn invalidations(&self) -> String {
        format!("{}{}cache:invalidate", self.prefix, self.version)
    }

    /// The channel on which servers say that they are there, and what they have heard.
    pub(super) fn servers(&self) -> String {
        format!("{}{}cache:servers", self.prefix, self.version)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::Tiers;
    use super::super::RedisAddress;
    use super::*;

    const fn declaration(key: &'static str, version: u16) -> Declaration {
        Declaration { name: "test", key, ttl_secs: 1, tags: &[], tiers: Tiers::Both, version }
    }

    fn names(prefix: &str, version: Option<u32>, table: &[Declaration]) -> Names {
        let options = RedisOptions {
            address: RedisAddress::parse("redis://localhost").unwrap(),
            prefix: prefix.into(),
            version,
            data: &["scans:"],
            views: &[],
            timeout: Duration::ZERO,
            max_pause: Duration::ZERO,
        };
        Names::new(&options, table)
    }

    #[test]
    fn there_and_back() {
        let names = names("test_", None, &[declaration("profile:{u}", 0), declaration("computed:{id}", 2)]);
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
        let names = names("", None, &[declaration("profile:{u}", 0)]);
        assert_eq!(names.key("profile:ada"), "profile:ada");
        assert_eq!(names.tag("products"), "cache:tag:products");
        assert_eq!(names.invalidations(), "cache:invalidate");
    }

    #[test]
    fn what_is_no_value_has_no_version() {
        let names = names("test_", Some(7), &[declaration("profile:{u}", 0), declaration("computed:{id}", 2)]);
        let all = [
            ("profile:ada", "test_v7:profile:ada"),
            ("computed:x", "test_v7:v2:computed:x"),
            ("scans:menu", "test_scans:menu"),
        ];
        for (logical, physical) in all {
            assert_eq!(names.key(logical), physical);
            assert_eq!(names.logical(physical), Some(logical));
        }
        assert_eq!(names.logical("test_profile:ada"), None, "another version's");
        assert_eq!(names.tag("all"), "test_v7:cache:tag:all");
    }
}
