//! How many requests an address has for what, and for how long.

use std::fmt;

use axum::http::Method;
use thiserror::Error;

/// What requests are counted together. A request belongs to one tier, that of its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Everything that is not named below.
    Api,
    /// Signing up, logging in, changing the password: what guesses passwords.
    Auth,
    /// Failed logins of one name from one address. No route has it: they are counted when they have failed.
    Login,
    /// Public profiles.
    Profile,
    /// Tokens of public profiles.
    Session,
    /// Pictures of QR codes.
    Image,
    /// What phones ask for at a venue, hundreds of them behind one address: scans, keys, revocations.
    Scan,
}

impl Tier {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Api, Self::Auth, Self::Login, Self::Profile, Self::Session, Self::Image, Self::Scan];

    /// Its name in settings, keys, headers and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Auth => "auth",
            Self::Login => "login",
            Self::Profile => "profile",
            Self::Session => "session",
            Self::Image => "image",
            Self::Scan => "scan",
        }
    }

    /// Whether each request is counted in Redis before it is answered. What is answered from memory in microseconds is counted
    /// there a little later, unless the limit is near.
    pub(super) const fn is_exact(self) -> bool {
        matches!(self, Self::Api | Self::Auth | Self::Login | Self::Image)
    }

    const fn default_limit(self) -> Limit {
        let requests = match self {
            Self::Login => return Limit { requests: 30, window_secs: 900 },
            Self::Api | Self::Profile => 100,
            Self::Auth => 10,
            Self::Session => 30,
            Self::Image => 50,
            // A hundred a second: a full hall that scans the speaker's slide at once, through one address.
            Self::Scan => 6_000,
        };
        Limit { requests, window_secs: 60 }
    }

    /// The tier of a request; `None` for those that are not counted: whoever watches the server must not be refused.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        if path.starts_with("/scan/") {
            return Some(Self::Scan);
        }
        if let Some(rest) = path.strip_prefix("/api/public/").or_else(|| path.strip_prefix("/api/u/")) {
            return Some(match rest {
                _ if rest.ends_with("/qr-session") => Self::Session,
                _ if rest.ends_with("/qr") => Self::Image,
                _ if rest.contains('/') => Self::Api,
                _ => Self::Profile,
            });
        }
        match path {
            "/health" | "/ready" | "/api/health/cache" | "/metrics" => None,
            "/.well-known/jwks.json" | "/api/trust-bundle" | "/api/revocations" => Some(Self::Scan),
            "/api/sessions" | "/api/accounts" if method == Method::POST => Some(Self::Auth),
            "/api/accounts/me/password" => Some(Self::Auth),
            _ if path.strip_prefix("/api").unwrap_or(path).starts_with("/qr/") && path.ends_with("/image") => {
                Some(Self::Image)
            }
            _ => Some(Self::Api),
        }
    }
}

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub requests: u32,
    /// In how many seconds.
    pub window_secs: u32,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.window_secs)
    }
}

/// The longest window in seconds: a day.
const MAX_WINDOW_SECS: u32 = 86_400;

/// The limits of all tiers. `None` for a tier without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits([Option<Limit>; Tier::ALL.len()]);

/// Limits that cannot be read.
#[derive(Debug, Error)]
#[error(
    "--rate-limits {0:?}: say on, off, or what differs, like api=100/60,auth=10/60,scan=off (requests/seconds, up to a day); the tiers are api, auth, login, profile, session, image and scan"
)]
pub struct LimitsError(String);

impl Default for Limits {
    fn default() -> Self {
        Self(Tier::ALL.map(|tier| Some(tier.default_limit())))
    }
}

impl Limits {
    /// `on`, `off`, or names with requests and seconds, or `off`.
    ///
    /// # Errors
    /// [`LimitsError`].
    pub fn parse(text: &str) -> Result<Self, LimitsError> {
        let mut limits = Self::default();
        match text.trim() {
            "" | "on" => return Ok(limits),
            "off" => return Ok(Self([None; Tier::ALL.len()])),
            _ => {}
        }
        let error = || LimitsError(text.to_owned());
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(error)?;
            let place = Tier::ALL.into_iter().zip(&mut limits.0).find(|(tier, _)| tier.as_str() == name);
            let (_, place) = place.ok_or_else(error)?;
            *place = if value == "off" { None } else { Some(parse_limit(value).ok_or_else(error)?) };
        }
        Ok(limits)
    }

    /// The limit of a tier.
    #[must_use]
    pub fn of(&self, tier: Tier) -> Option<Limit> {
        self.0.get(tier as usize).copied().flatten()
    }
}

fn parse_limit(text: &str) -> Option<Limit> {
    let (requests, window_secs) = text.split_once('/')?;
    let limit = Limit { requests: requests.parse().ok()?, window_secs: window_secs.parse().ok()? };
    (limit.requests > 0 && (1..=MAX_WINDOW_SECS).contains(&limit.window_secs)).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_or_refused() {
        let scan = Tier::Scan;
        assert_eq!(Limits::parse("on").unwrap().of(scan), Some(Limit { requests: 6_000, window_secs: 60 }));
        assert_eq!(Limits::parse("off").unwrap().of(scan), None);
        let some = Limits::parse("api=5/1, auth=off,session=1000000000/86400").unwrap();
        assert_eq!(some.of(Tier::Api), Some(Limit { requests: 5, window_secs: 1 }));
        assert_eq!(some.of(Tier::Auth), None);
        assert_eq!(some.of(Tier::Session).unwrap().window_secs, 86_400);
        assert_eq!(some.of(Tier::Image), Some(Limit { requests: 50, window_secs: 60 }));
        for wrong in ["maybe", "api", "api=", "api=5", "api=0/60", "api=5/0", "api=5/86401", "x=5/60", "api=5/60,"] {
            assert!(Limits::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_route_has_its_tier() {
        let of = |method: &str, path| Tier::of(&Method::from_bytes(method.as_bytes()).unwrap(), path);
        assert_eq!(of("GET", "/health"), None);
        assert_eq!(of("GET", "/ready"), None);
        assert_eq!(of("GET", "/metrics"), None);
        assert_eq!(of("GET", "/api/health/cache"), None);
        assert_eq!(of("GET", "/scan/qr_1"), Some(Tier::Scan));
        assert_eq!(of("GET", "/api/revocations"), Some(Tier::Scan));
        assert_eq!(of("GET", "/api/public/ada"), Some(Tier::Profile));
        assert_eq!(of("GET", "/api/u/ada"), Some(Tier::Profile));
        assert_eq!(of("GET", "/api/u/ada/qr-session"), Some(Tier::Session));
        assert_eq!(of("GET", "/api/public/ada/qr"), Some(Tier::Image));
        assert_eq!(of("GET", "/api/qr/qr_1/image"), Some(Tier::Image));
        assert_eq!(of("GET", "/qr/qr_1/image"), Some(Tier::Image));
        assert_eq!(of("POST", "/api/sessions"), Some(Tier::Auth));
        assert_eq!(of("GET", "/api/sessions"), Some(Tier::Api));
        assert_eq!(of("POST", "/api/accounts"), Some(Tier::Auth));
        assert_eq!(of("PUT", "/api/accounts/me/password"), Some(Tier::Auth));
        assert_eq!(of("GET", "/nowhere"), Some(Tier::Api));
    }
}
