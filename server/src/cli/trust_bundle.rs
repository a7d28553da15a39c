//! `sealcard trust-bundle`: what a root kept offline does.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{Grant, MAX_TTL_SECS, TrustAnchor, TrustBundle, TrustStore, Ttl, UnixTime};
use serde::Deserialize;

use super::{CliError, input};
use crate::{clock, signing_key};

/// Signs a trust bundle with a root's key: which issuer keys verifiers are to trust, from when until when. The root stays
/// offline; the server serves what it signed, and verifiers that pin the root need no other file
#[derive(Args)]
#[command(
    after_help = "Verifiers take a bundle only if its epoch is above that of the one they have. A key that is left out \
                        is no longer trusted, and neither is anything it ever signed: that is how a stolen key is \
                        withdrawn.\n\nExample:\n  sealcard keygen --kind root --out root.key > root.jwk\n  sealcard \
                        trust-bundle --root-key root.key --keys jwks.json --epoch 1 > bundle\n  sealcard verify --root \
                        root.jwk --trust bundle 'SC1:…'"
)]
pub(super) struct SignTrustBundle {
    /// Private key file of the root, made by `sealcard keygen --kind root`
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,

    /// The issuers' keys: a JWK set, or a single JWK; `iss` is the issuer's name, and `nbf` and `exp`, if there, the first and
    /// last second in which the key may sign, as in a server's /.well-known/jwks.json
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,

    /// The bundle's number, above that of every bundle before
    #[arg(long, value_name = "NUMBER")]
    epoch: u32,

    /// For how long verifiers are to call the bundle fresh [default: 7 days]
    #[arg(long, value_name = "SECONDS", default_value_t = 7 * 86_400, hide_default_value = true)]
    fresh: u32,

    /// From when on the keys may have signed [default: 30 days before now, as long as any token lives]
    #[arg(long, value_name = "UNIX_SECONDS")]
    not_before: Option<u64>,

    /// For how long from now the keys may sign [default: 366 days]
    #[arg(long, value_name = "SECONDS", default_value_t = 366 * 86_400, hide_default_value = true)]
    signing: u32,

    /// The longest life that they may give a token
    #[arg(long, value_name = "SECONDS", default_value_t = MAX_TTL_SECS)]
    max_ttl: u32,

    /// The time of signing [default: now]
    #[arg(long, value_name = "UNIX_SECONDS")]
    now: Option<u64>,
}

/// A key's time, as `sealcard serve` writes it into its JWK set.
#[derive(Deserialize)]
struct Times {
    x: Option<String>,
    nbf: Option<u64>,
    exp: Option<u64>,
}

impl Times {
    /// Those of a set, or of a single JWK. What is no such set has been refused before.
    fn of_jwks(json: &str) -> Vec<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Times>,
        }
        serde_json::from_str(json)
            .map(|Set { keys }| keys)
            .or_else(|_| serde_json::from_str(json).map(|times| vec![times]))
            .unwrap_or_default()
    }
}

impl SignTrustBundle {
    pub(super) fn run(self) -> Result<(), CliError> {
        let root = signing_key::load(&self.root_key)?;
        let json = input::small_file(&self.keys)?;
        let keys = TrustStore::from_jwks(&json)
            .map_err(|error| CliError::core(error.code(), error).at(self.keys.display()))?;
        let now = self.now.map_or_else(clock::now, UnixTime::from_secs);
        let oldest = now.saturating_sub(MAX_TTL_SECS.into()).max(UnixTime::EARLIEST);
        let not_before = self.not_before.map_or(oldest, UnixTime::from_secs);
        let grant = Grant {
            max_ttl: Some(Ttl::from_secs(self.max_ttl).map_err(|error| CliError::core(error.code(), error))?),
            revocation_lists: true,
            not_before,
            not_after: now.saturating_add(self.signing.into()),
        };
        let times = Times::of_jwks(&json);
        let anchor = |anchor: &TrustAnchor| {
            let times = times.iter().find(|times| times.x.as_deref() == Some(&anchor.key.to_base64url()));
            let (nbf, exp) = times.map_or((None, None), |times| (times.nbf, times.exp));
            let grant = Grant {
                not_before: nbf.map_or(grant.not_before, UnixTime::from_secs),
                not_after: exp.map_or(grant.not_after, UnixTime::from_secs),
                ..grant
            };
            TrustAnchor { grant, ..anchor.clone() }
        };
        let anchors = keys.anchors().iter().map(anchor).collect();
        let bundle = TrustBundle::new(self.epoch, now, self.fresh, anchors);
        let bundle = bundle.map_err(|error| CliError::core(error.code(), error))?;
        let signed = bundle.sign(&root).map_err(|error| CliError::core(error.code(), error))?;
        writeln!(io::stdout(), "{}", signed.to_text()).map_err(CliError::stdio)
    }
}
