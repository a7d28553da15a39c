//! Where Redis is, and how to talk to it.

use std::fmt;
use std::path::PathBuf;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, TlsCertificates};
use thiserror::Error;

/// One Redis, or the first members of a Redis Cluster that were named.
#[derive(Clone)]
pub struct RedisAddress {
    seeds: Vec<ConnectionInfo>,
    ca: Option<Vec<u8>>,
}

/// An address that cannot be used. Says nothing of what it holds: there may be a password in it.
#[derive(Debug, Error)]
pub enum RedisAddressError {
    /// It is not of the form.
    #[error(
        "a Redis address must look like redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS; \
             several, separated by commas, are the members of a cluster"
    )]
    Form,
    /// A cluster has one database.
    #[error("a Redis Cluster has only database 0")]
    ClusterDatabase,
    /// The certificate cannot be read.
    #[error("{path}: {error}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
}

impl RedisAddress {
    /// Reads one address, or several with commas between them.
    ///
    /// # Errors
    /// [`RedisAddressError`].
    pub fn parse(text: &str) -> Result<Self, RedisAddressError> {
        let seeds = text.split(',').map(|part| {
            let part = part.trim();
            if !(part.starts_with("redis://") || part.starts_with("rediss://") || part.starts_with("redis+unix://")) {
                return Err(RedisAddressError::Form);
            }
            let info = part.into_connection_info().map_err(|_| RedisAddressError::Form)?;
            // The newer protocol brings messages on the same connection.
            let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            Ok(info.set_redis_settings(settings))
        });
        let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
        if seeds.len() > 1 && seeds.iter().any(|seed| seed.redis_settings().db() != 0) {
            return Err(RedisAddressError::ClusterDatabase);
        }
        Ok(Self { seeds, ca: None })
    }

    /// The same with a name and password for all that have none.
    #[must_use]
    pub fn with_credentials(mut self, username: Option<&str>, password: Option<&str>) -> Self {
        self.seeds = self
            .seeds
            .into_iter()
            .map(|seed| {
                let mut settings = seed.redis_settings().clone();
                if let (None, Some(username)) = (settings.username(), username) {
                    settings = settings.set_username(username);
                }
                if let (None, Some(password)) = (settings.password(), password) {
                    settings = settings.set_password(password);
                }
                seed.set_redis_settings(settings)
            })
            .collect();
        self
    }

    /// The same, trusting the certificates in this PEM file instead of the system's.
    ///
    /// # Errors
    /// [`RedisAddressError::Ca`].
    pub fn with_ca_file(self, path: PathBuf) -> Result<Self, RedisAddressError> {
        match std::fs::read(&path) {
            Ok(pem) => Ok(Self { ca: Some(pem), ..self }),
            Err(error) => Err(RedisAddressError::Ca { path, error }),
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.seeds.len() > 1
    }

    pub(super) fn seeds(&self) -> impl Iterator<Item = &ConnectionInfo> {
        self.seeds.iter()
    }

    /// Another member of the same cluster: same name, password and encryption.
    pub(super) fn member(&self, host: &str, port: u16) -> Option<ConnectionInfo> {
        let seed = self.seeds.first()?;
        let addr = match seed.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host: host.to_owned(),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host.to_owned(), port),
        };
        Some(seed.clone().set_addr(addr))
    }

    pub(super) fn client(&self, info: ConnectionInfo) -> redis::RedisResult<Client> {
        match (&self.ca, info.addr()) {
            (Some(ca), ConnectionAddr::TcpTls { .. }) => {
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(ca.clone()) })
            }
            _ => Client::open(info),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.seeds.iter().map(|seed| seed.addr().to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_or_several() {
        assert!(!RedisAddress::parse("redis://localhost").unwrap().is_cluster());
        assert!(RedisAddress::parse("redis://a:1, redis://b:2").unwrap().is_cluster());
        for text in ["", "localhost:6379", "http://localhost", "redis://", "redis://a,", "redis://a/x"] {
            assert!(RedisAddress::parse(text).is_err(), "{text}");
        }
        assert!(matches!(RedisAddress::parse("redis://a,redis://b/3"), Err(RedisAddressError::ClusterDatabase)));
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = RedisAddress::parse("redis://user:secret@a:1").unwrap().with_credentials(None, Some("other"));
        assert_eq!(format!("{address:?}"), r#"["a:1"]"#);
        let settings = address.seeds[0].redis_settings();
        assert_eq!((settings.username(), settings.password()), (Some("user"), Some("secret")));
    }
}
