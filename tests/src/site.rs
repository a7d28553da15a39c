//! A Redis or a cluster, and servers on it.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::postgres;
use crate::redis::{Cluster, Redis};
use crate::server::Server;

/// What a server has beside its database.
pub enum Backend {
    /// A cache in the process alone.
    None,
    Single(Redis),
    Cluster(Cluster),
}

impl Backend {
    pub fn url(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Single(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    pub fn cli(&self, args: &[&str]) -> String {
        match self {
            Self::None => panic!("there is no Redis"),
            Self::Single(redis) => redis.cli(args),
            Self::Cluster(cluster) => cluster.cli(args),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Single(redis) => redis.keys(),
            Self::Cluster(cluster) => cluster.keys(),
        }
    }

    /// Every node's port.
    pub fn ports(&self) -> Vec<u16> {
        match self {
            Self::None => Vec::new(),
            Self::Single(redis) => vec![redis.port],
            Self::Cluster(cluster) => cluster.nodes.iter().map(|node| node.port).collect(),
        }
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.cli(&["exists", key]) == "1"
    }
}

/// Servers on one database and one Redis.
pub struct Site {
    pub backend: Backend,
    /// The address of the database, if it is not a file.
    pub database: Option<String>,
    /// Whether its servers do not give Redis, and each other, much time.
    is_impatient: bool,
    folder: TempDir,
}

pub const ADMIN: &str = "an operator's token of 32 characters or more";

impl Site {
    pub fn new(backend: Backend) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("admin-token");
        std::fs::write(&file, ADMIN).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { backend, database: None, is_impatient: false, folder }
    }

    pub fn single() -> Self {
        Self::new(Backend::Single(Redis::start()))
    }

    /// The same for a story about a Redis or a server that does not answer. All others give them time: a machine that is busy,
    /// or stands still for a moment, is nothing that they tell of.
    pub fn impatient(self) -> Self {
        Self { is_impatient: true, ..self }
    }

    /// The same on a PostgreSQL of its own.
    pub fn with_postgres(self) -> Self {
        Self { database: Some(postgres::database()), ..self }
    }

    /// Starts a server, and waits until it uses Redis.
    pub fn server(&self) -> Server {
        self.server_with(&[], &[])
    }

    pub fn server_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        if matches!(self.backend, Backend::None) {
            return self.start(args, environment);
        }
        let url = self.backend.url();
        let server = self.start(args, &[&[("REDIS_URL", url.as_str())], environment].concat());
        server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
        server
    }

    /// Starts a server with the demo user on this site's database.
    pub fn start(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        let token = self.folder.path().join("admin-token");
        let token = ["--demo", "--admin-token-file", token.to_str().unwrap()];
        let database = self.database.as_deref().map(|url| ("DATABASE_URL", url));
        let time = [("SEALCARD_REDIS_TIMEOUT_MS", if self.is_impatient { "500" } else { "5000" })];
        let all = [database.as_slice(), &time, environment].concat();
        Server::start_with(&self.data_dir(), &[&token, args].concat(), &all)
    }

    /// Where its servers keep their key and their files.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn redis(&mut self) -> &mut Redis {
        match &mut self.backend {
            Backend::Single(redis) => redis,
            Backend::None | Backend::Cluster(_) => panic!("there is not one Redis"),
        }
    }
}

/// Runs a story against a Redis, and against a cluster.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* $name:ident;)*) => {
        mod on_one_redis {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    super::$name($crate::site::Site::single());
                }
            )*
        }

        mod on_a_cluster {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    let cluster = $crate::redis::Cluster::start();
                    super::$name($crate::site::Site::new($crate::site::Backend::Cluster(cluster)));
                }
            )*
        }
    };
}

/// Runs a story on SQLite and on PostgreSQL, without Redis, with one, and with a cluster.
#[macro_export]
macro_rules! everywhere {
    ($($(#[$attribute:meta])* $name:ident;)*) => {
        $crate::everywhere! { @module sqlite_alone, $crate::site::Site::new($crate::site::Backend::None), $($(#[$attribute])* $name;)* }
        $crate::everywhere! { @module sqlite_and_redis, $crate::site::Site::single(), $($(#[$attribute])* $name;)* }
        $crate::everywhere! {
            @module postgres_alone, $crate::site::Site::new($crate::site::Backend::None).with_postgres(), $($(#[$attribute])* $name;)*
        }
        $crate::everywhere! {
            @module postgres_and_cluster,
            $crate::site::Site::new($crate::site::Backend::Cluster($crate::redis::Cluster::start())).with_postgres(),
            $($(#[$attribute])* $name;)*
        }
    };
    (@module $module:ident, $site:expr, $($(#[$attribute:meta])* $name:ident;)*) => {
        mod $module {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    super::$name($site);
                }
            )*
        }
    };
}
