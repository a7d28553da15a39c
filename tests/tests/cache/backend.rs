//! A Redis or a cluster, and servers on it.

use sealcard_tests::redis::{Cluster, Redis};
use sealcard_tests::server::Server;
use tempfile::TempDir;

/// What a server has beside its database.
pub(crate) enum Backend {
    Single(Redis),
    Cluster(Cluster),
}

impl Backend {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Single(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    pub(crate) fn cli(&self, args: &[&str]) -> String {
        match self {
            Self::Single(redis) => redis.cli(args),
            Self::Cluster(cluster) => cluster.cli(args),
        }
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        match self {
            Self::Single(redis) => redis.keys(),
            Self::Cluster(cluster) => cluster.keys(),
        }
    }

    /// Every node's port.
    pub(crate) fn ports(&self) -> Vec<u16> {
        match self {
            Self::Single(redis) => vec![redis.port],
            Self::Cluster(cluster) => cluster.nodes.iter().map(|node| node.port).collect(),
        }
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.cli(&["exists", key]) == "1"
    }
}

/// Servers on one database and one Redis.
pub(crate) struct Site {
    pub(crate) backend: Backend,
    folder: TempDir,
}

pub(crate) const ADMIN: &str = "an operator's token of 32 characters or more";

impl Site {
    pub(crate) fn new(backend: Backend) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("admin-token");
        std::fs::write(&file, ADMIN).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { backend, folder }
    }

    pub(crate) fn single() -> Self {
        Self::new(Backend::Single(Redis::start()))
    }

    /// Starts a server, and waits until it uses Redis.
    pub(crate) fn server(&self) -> Server {
        self.server_with(&[], &[])
    }

    pub(crate) fn server_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        let url = self.backend.url();
        let server = self.start(args, &[&[("REDIS_URL", url.as_str())], environment].concat());
        server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
        server
    }

    /// Starts a server with the demo user on this site's database.
    pub(crate) fn start(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        let token = self.folder.path().join("admin-token");
        let data = self.folder.path().join("data");
        let token = ["--demo", "--admin-token-file", token.to_str().unwrap()];
        Server::start_with(&data, &[&token, args].concat(), environment)
    }

    pub(crate) fn redis(&mut self) -> &mut Redis {
        match &mut self.backend {
            Backend::Single(redis) => redis,
            Backend::Cluster(_) => panic!("a cluster has several"),
        }
    }
}

/// Runs a story against a Redis, and against a cluster.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $name:ident;)*) => {
        mod on_one_redis {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    super::$name($crate::backend::Site::single());
                }
            )*
        }

        mod on_a_cluster {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    let cluster = sealcard_tests::redis::Cluster::start();
                    super::$name($crate::backend::Site::new($crate::backend::Backend::Cluster(cluster)));
                }
            )*
        }
    };
}

pub(crate) use on_both;
