//! The `sealcard` binary, built from the tree under test.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Where the binary is; built on first use, so that a test never runs an old one.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // A bench is built with optimisation, and measures what is.
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--profile",
                profile,
                "--quiet",
                "--package",
                "sealcard-server",
                "--bin",
                "sealcard",
                "--message-format=json",
            ])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "the binary does not build");
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["executable"].as_str().map(PathBuf::from))
            .next_back()
            .expect("cargo names the executable")
    })
}

/// A command that runs the binary, deaf to the settings of whoever runs the tests.
pub fn command() -> Command {
    let mut command = Command::new(path());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if ["SEALCARD_", "REDIS_"].iter().any(|prefix| name_text.starts_with(prefix))
            || name == "DATABASE_URL"
            || name == "APP_ENV"
            || name == "PORT"
        {
            command.env_remove(name);
        }
    }
    command
}

/// What a run left behind.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The code in the last line of standard error.
    pub fn error_code(&self) -> String {
        let last = self.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("not JSON: {:?}", self.stderr));
        error["error"]["code"].as_str().expect("a code").to_owned()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("JSON")
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("ended by itself, not by a signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Runs `sealcard` with these arguments and an empty standard input.
pub fn run(args: &[&str]) -> Run {
    run_with_input(args, b"")
}

/// Runs `sealcard` with these arguments and this standard input.
pub fn run_with_input(args: &[&str], input: &[u8]) -> Run {
    let mut child = command()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // The child may end without reading all: that is its right.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    output.into()
}
