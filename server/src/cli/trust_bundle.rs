//! `sealcard trust-bundle`: what a root kept offline does.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{ErrorCode, Grant, MAX_TTL_SECS, TrustAnchor, TrustBundle, TrustStore, Ttl, UnixTime};
use serde::Deserialize;
use serde_json::{Map, Value};

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

    /// The issuers' keys: a JWK set, or a single JWK; `iss` is the issuer's name. If there, `nbf` and `exp` are the first and
    /// last second in which the key may sign, as in a server's /.well-known/jwks.json; `maxTtl` is the longest life that it may
    /// give a token; and `purposes` holds one or both of `snapshots` and `revocation-lists`
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

/// What a JWK says of what its key may sign; the options say the rest. `sealcard serve` writes `nbf` and `exp`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyGrant {
    x: Option<String>,
    nbf: Option<u64>,
    exp: Option<u64>,
    max_ttl: Option<u32>,
    purposes: Option<Vec<Purpose>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Purpose {
    Snapshots,
    RevocationLists,
}

impl KeyGrant {
    /// Those of a set, or of a single JWK.
    fn of_jwks(json: &str) -> Result<Vec<Self>, CliError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<KeyGrant>,
        }
        let is_set = serde_json::from_str::<Map<String, Value>>(json).is_ok_and(|file| file.contains_key("keys"));
        let keys = if is_set {
            serde_json::from_str(json).map(|Set { keys }| keys)
        } else {
            serde_json::from_str(json).map(|key| vec![key])
        };
        keys.map_err(|error| CliError::core(ErrorCode::InvalidTrust, error))
    }

    /// The grant with what this key says of itself.
    fn apply(&self, grant: Grant) -> Result<Grant, CliError> {
        let max_ttl = self.max_ttl.map(Ttl::from_secs).transpose();
        let max_ttl = max_ttl.map_err(|error| CliError::core(error.code(), error))?.or(grant.max_ttl);
        let may = |purpose| self.purposes.as_ref().is_none_or(|purposes| purposes.contains(&purpose));
        Ok(Grant {
            max_ttl: max_ttl.filter(|_| may(Purpose::Snapshots)),
            revocation_lists: may(Purpose::RevocationLists),
            not_before: self.nbf.map_or(grant.not_before, UnixTime::from_secs),
            not_after: self.exp.map_or(grant.not_after, UnixTime::from_secs),
        })
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
        let said = KeyGrant::of_jwks(&json).map_err(|error| error.at(self.keys.display()))?;
        let anchor = |anchor: &TrustAnchor| {
            let said = said.iter().find(|key| key.x.as_deref() == Some(&anchor.key.to_base64url()));
            let grant = said.map_or(Ok(grant), |key| key.apply(grant))?;
            Ok(TrustAnchor { grant, ..anchor.clone() })
        };
        let anchors = keys.anchors().iter().map(anchor).collect::<Result<_, CliError>>()?;
        let bundle = TrustBundle::new(self.epoch, now, self.fresh, anchors);
        let bundle = bundle.map_err(|error| CliError::core(error.code(), error))?;
        let signed = bundle.sign(&root).map_err(|error| CliError::core(error.code(), error))?;
        writeln!(io::stdout(), "{}", signed.to_text()).map_err(CliError::stdio)
    }
}
