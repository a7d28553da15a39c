//! Real Redis servers, alone or as a cluster, and what can happen to them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;

/// A `redis-server` of its own folder and port, killed when dropped.
pub struct Redis {
    child: Option<Child>,
    pub port: u16,
    folder: TempDir,
    args: Vec<String>,
    tls: bool,
}

impl Redis {
    /// Starts one that keeps nothing.
    pub fn start() -> Self {
        Self::start_with(&["--save", ""])
    }

    /// Starts one with these settings.
    pub fn start_with(args: &[&str]) -> Self {
        Self::start_on(free_port(), args)
    }

    /// Starts one on this port.
    pub fn start_on(port: u16, args: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let mut redis = Self { child: None, port, folder, args, tls: false };
        redis.resume_after_kill();
        redis
    }

    /// Starts one that speaks TLS alone, with this certificate and key.
    pub fn start_tls(cert: &Path, key: &Path) -> Self {
        let port = free_port();
        let args = ["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no", "--save", ""];
        let mut args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        for (name, file) in [("--tls-cert-file", cert), ("--tls-key-file", key), ("--tls-ca-cert-file", cert)] {
            args.extend([name.to_owned(), file.display().to_string()]);
        }
        let mut redis =
            Self { child: None, port, folder: TempDir::new().expect("a temporary folder"), args, tls: true };
        redis.resume_after_kill();
        redis
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.tls { "rediss" } else { "redis" }, self.port)
    }

    /// The folder in which it keeps its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it again, with what it finds in its folder.
    pub fn resume_after_kill(&mut self) {
        let mut command = Command::new("redis-server");
        if !self.tls {
            command.args(["--port", &self.port.to_string()]);
        }
        command.args(["--dir", &self.folder.path().display().to_string(), "--loglevel", "warning"]).args(&self.args);
        let spawned = command.stdout(Stdio::null()).spawn().expect("redis-server is missing: run scripts/test");
        let child = self.child.insert(spawned);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(matches!(child.try_wait(), Ok(None)), "redis-server ended: see what it printed");
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it where it stands: connections stay open, nothing is answered.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill runs").success());
    }

    /// What `redis-cli` prints for a command.
    pub fn cli(&self, args: &[&str]) -> String {
        cli(self.port, args)
    }

    /// Every key.
    pub fn keys(&self) -> Vec<String> {
        keys(self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn keys(port: u16) -> Vec<String> {
    let mut keys: Vec<_> = cli(port, &["--scan"]).lines().map(str::to_owned).collect();
    keys.sort();
    keys
}

/// What `redis-cli` prints, asked of the node on this port; its complaint, if it prints nothing else.
pub fn cli(port: u16, args: &[&str]) -> String {
    let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(args).output().expect("redis-cli runs");
    let printed = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&printed).trim_end().to_owned()
}

/// Three masters that share the slots.
pub struct Cluster {
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts them and waits until each knows of all slots.
    pub fn start() -> Self {
        let nodes: Vec<_> = (0..3).map(|_| Self::node()).collect();
        let addresses: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .stdout(Stdio::null())
            .status()
            .expect("redis-cli runs");
        assert!(made.success(), "the cluster is not made");
        let cluster = Self { nodes };
        let began = Instant::now();
        while !cluster.nodes.iter().all(|node| node.cli(&["cluster", "info"]).contains("cluster_state:ok")) {
            assert!(began.elapsed() < Duration::from_secs(20), "the cluster does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        cluster
    }

    fn node() -> Redis {
        let args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--save", ""];
        let full = ["--cluster-require-full-coverage", "no"];
        Redis::start_with(&[args.as_slice(), &full].concat())
    }

    pub fn url(&self) -> String {
        self.nodes.iter().map(Redis::url).collect::<Vec<_>>().join(",")
    }

    /// What `redis-cli` prints, wherever the key is.
    pub fn cli(&self, args: &[&str]) -> String {
        self.nodes[0].cli(&[&["-c"], args].concat())
    }

    /// Every key of every node.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.nodes.iter().flat_map(Redis::keys).collect();
        keys.sort();
        keys
    }
}
