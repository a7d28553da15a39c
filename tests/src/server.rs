//! A running `sealcard serve`, and requests to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary;

/// A server on a free port, killed when dropped.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// What it has printed before it listened.
    pub banner: String,
    data_dir: PathBuf,
    log: Option<tempfile::NamedTempFile>,
    _temporary: Option<TempDir>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The status and the stable code of a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status);
        assert!(body["error"].is_string() && body["title"].is_string(), "{body}");
        (self.status, body["code"].as_str().expect("a code").to_owned())
    }
}

impl Server {
    /// Starts with a fresh data directory.
    pub fn start(args: &[&str]) -> Self {
        let temporary = TempDir::new().expect("a temporary folder");
        let mut server = Self::start_on(temporary.path(), args);
        server._temporary = Some(temporary);
        server
    }

    /// Starts on this data directory.
    pub fn start_on(data_dir: &Path, args: &[&str]) -> Self {
        Self::start_with(data_dir, args, &[])
    }

    /// The same with these variables in its environment. What it logs is kept: [`Self::log`].
    pub fn start_with(data_dir: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut command = binary::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir).args(args);
        command.envs(environment.iter().copied()).stderr(log.reopen().expect("the same file"));
        let mut server = Self::start_command(command, data_dir);
        server.log = Some(log);
        server
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let log = self.log.as_ref().expect("a log that is kept");
        std::fs::read_to_string(log.path()).expect("the log")
    }

    /// Starts whatever command ends up as `sealcard serve` on this data directory.
    pub fn start_command(mut command: Command, data_dir: &Path) -> Self {
        // All tests come from one address; those of the limits switch them on.
        if !command.get_envs().any(|(name, _)| name == "SEALCARD_RATE_LIMITS") {
            command.env("SEALCARD_RATE_LIMITS", "off");
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let stdout = child.stdout.take().expect("piped");
        let (lines, banner) = mpsc::channel();
        // Read to the end, so that the server never waits for us.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let mut text = String::new();
        let base = loop {
            let line = banner.recv_timeout(Duration::from_secs(20)).expect("the server says where it listens");
            text.push_str(&line);
            text.push('\n');
            if let Some(address) = line.strip_prefix("Sealcard listens on ") {
                break address.to_owned();
            }
        };
        if command.get_args().any(|arg| arg == "--demo") {
            while !text.contains(" verify --trust ") {
                text.push_str(&banner.recv_timeout(Duration::from_secs(5)).expect("the whole demo banner"));
                text.push('\n');
            }
        }
        Self { child, base, banner: text, data_dir: data_dir.into(), log: None, _temporary: None }
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The trust file it wrote.
    pub fn jwks(&self) -> String {
        self.data_dir.join("jwks.json").display().to_string()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None, None)
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The header `X-Cache` and the JSON of an answer.
    pub fn lookup(&self, path: &str) -> (String, Value) {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.header("x-cache").to_owned(), answer.json())
    }

    /// The value of a metric; 0 if it is not there.
    pub fn metric(&self, name: &str) -> u64 {
        let text = String::from_utf8(self.get("/metrics").body).expect("UTF-8");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a number"))
    }

    /// Waits until something is so, for 10 seconds at most.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let began = std::time::Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < Duration::from_secs(10), "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A request with an optional session token and an optional JSON body.
    pub fn request(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string);
        let headers = token.map(|token| ("authorization", format!("Bearer {token}")));
        let json = body.is_some().then(|| ("content-type", "application/json".to_owned()));
        let headers: Vec<_> = headers.into_iter().chain(json).collect();
        self.raw_request(method, path, &headers, body.unwrap_or_default().as_bytes())
    }

    pub fn raw_request(&self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(body).expect("a request");
        let mut response = agent.run(request).expect("an answer");
        let mut body = Vec::new();
        response.body_mut().as_reader().read_to_end(&mut body).expect("a whole body");
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// Signs up and logs in. Returns the session token.
    pub fn sign_up(&self, username: &str) -> String {
        let account = serde_json::json!({
            "username": username, "password": "correct horse", "displayName": "Somebody"
        });
        assert_eq!(self.request("POST", "/api/accounts", None, Some(&account)).status, 201);
        self.log_in(username, "correct horse")
    }

    pub fn log_in(&self, username: &str, password: &str) -> String {
        let login = serde_json::json!({ "username": username, "password": password });
        let answer = self.request("POST", "/api/sessions", None, Some(&login));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// Asks it to stop, as a service manager does, and waits for it.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection that stays open: for many requests.
pub struct Connection {
    agent: ureq::Agent,
    base: String,
}

impl Server {
    pub fn connection(&self) -> Connection {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Connection { agent, base: self.base.clone() }
    }
}

impl Connection {
    /// The header `X-Cache` and the JSON of what must succeed.
    pub fn get(&mut self, path: &str) -> (String, Value) {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        let lookup = response.headers().get("x-cache").map_or("", |value| value.to_str().expect("ASCII")).to_owned();
        (lookup, response.body_mut().read_json().expect("JSON"))
    }

    /// A change that must succeed.
    pub fn put(&mut self, path: &str, token: &str, body: &Value) {
        let request = self.agent.put(format!("{}{path}", self.base)).header("authorization", format!("Bearer {token}"));
        let mut response = request.send_json(body).expect("an answer");
        let text = response.body_mut().read_to_string().expect("a body");
        assert_eq!(response.status(), 200, "{text}");
    }
}
