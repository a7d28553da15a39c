//! Whom `sealcard verify` trusts, and what it remembers from one run to the next.

use std::path::PathBuf;
use std::{fs, io};

use clap::Args;
use sealcard_core::{
    DEFAULT_LEEWAY_SECS, DEFAULT_MAX_PROOF_AGE_SECS, LinkHost, RevocationPolicy, TrustStore, UnixTime, Verifier,
    VerifyError, VerifyingKey,
};

use super::{CliError, input};

#[derive(Args)]
pub(super) struct Trust {
    /// Whom to trust: a JWK set (the server's /.well-known/jwks.json) or a single JWK; or, with --root, a trust bundle (the
    /// server's /api/trust-bundle). To join several JWKs into a set: `jq -s '{keys: .}' one.jwk two.jwk`
    #[arg(long, value_name = "FILE", required_unless_present = "state")]
    trust: Option<PathBuf>,

    /// The root that signs trust bundles, as a JWK; twice while one takes over from the other
    #[arg(long, value_name = "JWK_FILE")]
    root: Vec<PathBuf>,

    /// A revocation list (the server's /api/revocations), of each issuer that has one
    #[arg(long, value_name = "FILE")]
    revocations: Vec<PathBuf>,

    /// Refuse what could have been revoked, unless the issuer's list is there and fresh [default: accept it, and show how
    /// old the list is]
    #[arg(long)]
    require_fresh_revocations: bool,

    /// How old the proof in a presentation may be
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_MAX_PROOF_AGE_SECS)]
    max_proof_age: u32,

    /// How far this device's clock may be off
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_LEEWAY_SECS)]
    leeway: u32,

    /// Accept links to this host, https://HOST/s#…, besides SC1 texts. The host is not signed: without this, links are
    /// refused
    #[arg(long, value_name = "HOST", value_parser = LinkHost::parse)]
    link_host: Option<LinkHost>,

    /// Remember the trust bundle, the revocation lists and the newest time that was proven in this file, and go on from
    /// them: no older file and no clock that was set back is accepted any more
    #[arg(long, value_name = "FILE", requires = "root")]
    state: Option<PathBuf>,
}

impl Trust {
    pub(super) const fn has_link_host(&self) -> bool {
        self.link_host.is_some()
    }

    pub(super) fn verifier(&self, now: UnixTime) -> Result<Verifier, CliError> {
        let verifier = if self.root.is_empty() { self.of_keys()? } else { self.of_roots()? };
        let mut verifier = verifier.with_leeway(self.leeway).with_max_proof_age(self.max_proof_age);
        if self.require_fresh_revocations {
            verifier = verifier.with_revocation_policy(RevocationPolicy::RequireFresh);
        }
        if let Some(host) = self.link_host.clone() {
            verifier = verifier.with_link_host(host);
        }
        if let Some(file) = self.trust.as_ref().filter(|_| !self.root.is_empty()) {
            let bundle = input::small_file(file)?;
            verifier.update_trust_bundle(&bundle, now).map_err(|error| refused(&error).at(file.display()))?;
        }
        for file in &self.revocations {
            let list = input::small_file(file)?;
            verifier.update_revocation_list(&list, now).map_err(|error| refused(&error).at(file.display()))?;
        }
        Ok(verifier)
    }

    /// Keys that are trusted as they are.
    fn of_keys(&self) -> Result<Verifier, CliError> {
        // Without a root there is no state, and so there is a trust file.
        let file = self.trust.as_ref().ok_or_else(|| CliError::new("invalid_settings", "--trust is missing"))?;
        let json = input::small_file(file)?;
        if json.starts_with("SC1:") {
            return Err(CliError::new(
                "invalid_trust",
                format!("{}: a trust bundle: give the root that signed it as --root", file.display()),
            ));
        }
        let trust = TrustStore::from_jwks(&json);
        trust.map(Verifier::new).map_err(|error| CliError::core(error.code(), error).at(file.display()))
    }

    /// Keys that a root vouches for: those of the stored state, to begin with.
    fn of_roots(&self) -> Result<Verifier, CliError> {
        let root = |file: &PathBuf| {
            let root = VerifyingKey::from_jwk(input::small_file(file)?.trim());
            root.map_err(|error| CliError::core(error.code(), error).at(file.display()))
        };
        let roots = self.root.iter().map(root).collect::<Result<_, _>>()?;
        let mut verifier = Verifier::with_roots(roots).map_err(|error| CliError::core(error.code(), error))?;
        if let Some(file) = &self.state {
            match fs::read(file) {
                Ok(state) => verifier
                    .restore(&state, 0)
                    .map_err(|error| CliError::core(error.code(), error).at(file.display()))?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(CliError::file(file, &error)),
            }
        }
        Ok(verifier)
    }

    /// Stores what the verifier has learnt.
    pub(super) fn remember(&self, verifier: &Verifier) -> Result<(), CliError> {
        let Some(file) = &self.state else { return Ok(()) };
        // Whole or not at all: a state cut short would be refused.
        let mut draft = file.clone().into_os_string();
        draft.push(".tmp");
        let written = fs::write(&draft, verifier.state()).and_then(|()| fs::rename(&draft, file));
        written.map_err(|error| CliError::file(file, &error))
    }
}

fn refused(error: &VerifyError) -> CliError {
    CliError::core(error.code(), error)
}
