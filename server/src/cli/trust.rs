//! Whom `sealcard verify` trusts, and what it remembers from one run to the next.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use sealcard_core::{
    DEFAULT_LEEWAY_SECS, DEFAULT_MAX_PROOF_AGE_SECS, ErrorCode, LinkHost, RevocationPolicy, TrustStore, UnixTime,
    Update, Verifier, VerifyError, VerifyingKey,
};

use super::{CliError, input};
use crate::private_file;

#[derive(Args)]
pub(super) struct Trust {
    /// Whom to trust: a JWK set (the server's /.well-known/jwks.json) or a single JWK; or, with --root, a trust bundle (the
    /// server's /api/trust-bundle). To join several JWKs into a set: `jq -s '{keys: .}' one.jwk two.jwk`
    #[arg(long, value_name = "FILE", required_unless_present = "state")]
    trust: Option<PathBuf>,

    /// The root that signs trust bundles, as a JWK; while one takes over from another, the new one first
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
    /// them: no older file and no clock that was set back is accepted any more. Only with --root
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
            if bundle.starts_with('{') {
                let text = "this is a JWK or a JWK set: leave out --root, or make a trust bundle of it";
                return Err(CliError::new("invalid_trust", text).at(file.display()));
            }
            let taken = verifier.update_trust_bundle(&bundle, now);
            self.taken(taken, file, &verifier)?;
        }
        for file in &self.revocations {
            let list = input::small_file(file)?;
            let taken = verifier.update_revocation_list(&list, now);
            self.taken(taken, file, &verifier)?;
        }
        Ok(verifier)
    }

    /// Goes on with what is newer if a file is old news, and remembers what was taken before another one was refused.
    fn taken(&self, taken: Result<Update, VerifyError>, file: &Path, verifier: &Verifier) -> Result<(), CliError> {
        match taken {
            Ok(_) => Ok(()),
            Err(error @ VerifyError::Rollback { .. }) if self.state.is_some() => {
                let text = format!("sealcard: {}: {error}. Going on with what is known", file.display());
                // Only a hint: that it cannot be shown is no reason to stop.
                let _ = writeln!(io::stderr(), "{text}");
                Ok(())
            }
            Err(error) => {
                self.remember(verifier)?;
                Err(CliError::core(error.code(), error).at(file.display()))
            }
        }
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
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(verifier),
                Err(error) => return Err(CliError::file(file, &error)),
            }
            if verifier.trust_bundle().is_none() && self.trust.is_none() {
                let text = "its trust bundle is of another root: give that one as --root, or a bundle of the new one as --trust";
                return Err(CliError::core(ErrorCode::UnknownKey, text).at(file.display()));
            }
        }
        Ok(verifier)
    }

    /// Stores what the verifier has learnt.
    pub(super) fn remember(&self, verifier: &Verifier) -> Result<(), CliError> {
        let Some(file) = &self.state else { return Ok(()) };
        private_file::replace_bytes(file, &verifier.state()).map_err(|error| CliError::file(file, &error))
    }

    /// Keeps other programs away from the state from before it is read until it was written for the last time.
    pub(super) fn lock(&self) -> Result<Option<File>, CliError> {
        let Some(file) = &self.state else { return Ok(None) };
        let lock = private_file::lock(&private_file::lock_of(file));
        lock.map(Some).map_err(|error| CliError::file(file, &error))
    }
}
