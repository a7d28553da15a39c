//! Who fetches addresses without a person looking: previews in messengers, search engines, monitors. They are redirected, and
//! not counted.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What the names of such programs contain.
const NAMES: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "monitor",
    "fetcher",
    "headless",
    "lighthouse",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "whatsapp",
    "embedly",
    "pinterest",
    "vkshare",
    "mediapartners-google",
    "google-inspectiontool",
    "ia_archiver",
    "w3c_validator",
    "validator.nu",
    "uptime",
    "pingdom",
    "statuscake",
    "mastodon",
    "iframely",
    "imgproxy",
    "google-read-aloud",
    "googleother",
    "google-site-verification",
    "safebrowsing",
    "scrapy",
];

/// Longer names are looked at so far.
const LOOKED_AT: usize = 512;

/// Finds any of them, in one pass.
static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(NAMES).ok());

/// Whether a program with this `User-Agent` is known to fetch addresses without a person, and is not counted.
#[must_use]
pub fn is_crawler(user_agent: &[u8]) -> bool {
    let looked_at = user_agent.get(..LOOKED_AT).unwrap_or(user_agent);
    let Some(finder) = FINDER.as_ref() else { return false };
    // A brand of phones ends like one.
    let is_phone = |end: usize| looked_at.get(..end).is_some_and(|name| name.to_ascii_lowercase().ends_with(b"cubot"));
    finder.find_iter(looked_at).any(|found| !is_phone(found.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_are_told_from_people() {
        for crawler in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "WhatsApp/2.23.20.0",
            "TelegramBot (like TwitterBot)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
            "Mozilla/5.0+(compatible; UptimeRobot/2.0)",
        ] {
            assert!(is_crawler(crawler.as_bytes()), "{crawler}");
        }
        for person in [
            "",
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
            "curl/8.5.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 \
             Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S921B) AppleWebKit/537.36 SamsungBrowser/26.0 Chrome/122.0 Mobile",
        ] {
            assert!(!is_crawler(person.as_bytes()), "{person}");
        }
    }

    #[test]
    fn a_name_is_looked_at_so_far() {
        let at = |length: usize| [vec![b'x'; length], b"bot".to_vec()].concat();
        assert!(is_crawler(&at(LOOKED_AT - 3)));
        assert!(!is_crawler(&at(LOOKED_AT - 2)));
    }
}
