//! What a request costs the server, in processor time, beside axum's "hello world": everything in one run, in turns, on this
//! machine's loopback, with `wrk` (64 connections that stay open) for the load. Ratios within a run, not times, are what it is
//! for.
//!
//! `cargo bench -p sealcard-tests --bench server`

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sealcard_tests::redis::Redis;
use sealcard_tests::server::Server;

/// How often each is measured, in turns.
const ROUNDS: usize = 21;

/// How long each time. Short, and each beside a turn of "hello world": what else the machine does meanwhile changes by the
/// second, and hits both.
const SECONDS: u32 = 1;

struct Hello {
    child: Child,
    base: String,
}

impl Hello {
    fn start() -> Self {
        let program = env!("CARGO_BIN_EXE_hello");
        let mut child = Command::new(program).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("its address");
        Self { child, base: format!("http://{}", line.trim()) }
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor seconds that a process has used.
fn cpu_secs(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields: Vec<_> = stat.rsplit_once(") ").expect("its name").1.split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    // User and system time, in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

/// Resident memory of a process in bytes.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") * 1024
}

/// Requests per processor second of the server, and per second.
fn measure(url: &str, pid: u32) -> (f64, f64) {
    measure_with(url, pid, &[])
}

/// The same with headers.
fn measure_with(url: &str, pid: u32, headers: &[(&str, String)]) -> (f64, f64) {
    let before = cpu_secs(pid);
    let headers = headers.iter().flat_map(|(name, value)| ["-H".to_owned(), format!("{name}: {value}")]);
    let output = Command::new("wrk")
        .args(headers)
        .args(["-t1", "-c64", &format!("-d{SECONDS}s"), url])
        .output()
        .expect("wrk is missing: run scripts/test, or apt-get install wrk");
    let used = cpu_secs(pid) - before;
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains("Non-2xx"), "{url}: {text}");
    let number = |end: &str| {
        let line = text.lines().find(|line| line.contains(end)).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).expect("a number")
    };
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).expect("a rate");
    (number("requests in") / used, rate.trim().parse().expect("a number"))
}

/// What was measured of one kind of request.
#[derive(Default)]
struct Row {
    per_cpu: Vec<f64>,
    ratio: Vec<f64>,
    per_second: Vec<f64>,
}

impl Row {
    fn push(&mut self, (per_cpu, per_second): (f64, f64), (beside, _): (f64, f64)) {
        self.per_cpu.push(per_cpu);
        self.ratio.push(per_cpu / beside);
        self.per_second.push(per_second);
    }

    fn print(&self, name: &str) {
        let ratio = |share| at(&self.ratio, share);
        let (per_cpu, per_second) = (at(&self.per_cpu, 0.5), at(&self.per_second, 0.5));
        let (median, low, high) = (ratio(0.5), ratio(0.25), ratio(0.75));
        println!("| {name} | {per_cpu:.0} | {median:.2} ({low:.2} to {high:.2}) | {per_second:.0} |");
    }
}

/// The value below which that share of the values lies.
fn at(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let redis = Redis::start();
    let folder = tempfile::tempdir().expect("a folder");
    // Limits are on, and never reached.
    let limits = "profile=1000000000/60,session=1000000000/60,scan=1000000000/60,api=1000000000/60,auth=off".to_owned();
    let environment = [("REDIS_URL", redis.url()), ("SEALCARD_RATE_LIMITS", limits)];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start_with(folder.path(), &["--demo"], &environment);
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    let member = make_codes(&server);
    let hello = Hello::start();
    let raw = format!("{}/", hello.base);
    let targets = [
        ("cached profile", format!("{}/api/public/devcard-demo", server.base), server.pid()),
        ("qr-session", format!("{}/api/public/devcard-demo/qr-session", server.base), server.pid()),
        ("scan, counted", format!("{}/scan/bench", server.base), server.pid()),
        ("revocation list, from Redis", format!("{}/api/revocations", server.base), server.pid()),
    ];
    let mut limit = Row::default();
    let mut rows: Vec<Row> = targets.iter().map(|_| Row::default()).collect();
    for round in 0..=ROUNDS {
        for ((_, url, pid), row) in targets.iter().zip(&mut rows) {
            let beside = measure(&raw, hello.child.id());
            let measured = measure(url, *pid);
            // The first round warms up.
            if round > 0 {
                limit.push(beside, beside);
                row.push(measured, beside);
            }
        }
    }
    println!("\n| Request | per CPU second | times hello world (half of the turns) | per second |\n|---|---|---|---|");
    limit.print("axum, hello world");
    for ((name, ..), row) in targets.iter().zip(&rows) {
        row.print(name);
    }
    scans_at_half_load(&server, at(&rows[2].per_second, 0.5));
    cold_keys(&server);
    let bare = Server::start_with(folder.path(), &["--demo", "--no-cache"], &environment);
    what_the_cache_saves(&server, &bare, &member);
    drop((server, bare));
    memory_per_profile(&redis);
}

/// A hundred codes that lead somewhere. Returns the headers of whoever has made them.
fn make_codes(server: &Server) -> Vec<(&'static str, String)> {
    let token = server.sign_up("bench");
    let member = vec![("authorization", format!("Bearer {token}")), ("x-tenant-id", "bench".to_owned())];
    let json = [member.clone(), vec![("content-type", "application/json".to_owned())]].concat();
    let tenant = br#"{"tenantId":"bench","name":"Bench"}"#;
    assert_eq!(server.raw_request("POST", "/api/tenants", &json, tenant).status, 201);
    for number in 0..100 {
        let qr_id = if number == 0 { "bench".to_owned() } else { format!("bench{number}") };
        let target = "https://example.org/a/page/that/somebody/wants/to/show";
        let code = serde_json::json!({ "qrId": qr_id, "targetUrl": target }).to_string();
        assert_eq!(server.raw_request("POST", "/api/qr", &json, code.as_bytes()).status, 201);
    }
    member
}

/// The same requests of a server with the cache and of one without, on one SQLite, whose pages are all in memory: of a database
/// elsewhere there would be more to save. And how many reads hit while codes are changed.
fn what_the_cache_saves(server: &Server, bare: &Server, member: &[(&'static str, String)]) {
    const TURNS: usize = 7;
    println!(
        "\n| Request | per CPU second with the cache | without | times | per second with | without |\n|---|---|---|---|---|---|"
    );
    for (name, path, headers) in [
        ("profile", "/api/public/devcard-demo", &[][..]),
        ("one QR code", "/api/qr/bench", member),
        ("a list of 100 QR codes", "/api/qr", member),
        ("scan, counted", "/scan/bench", &[][..]),
    ] {
        let of = |server: &Server| measure_with(&format!("{}{path}", server.base), server.pid(), headers);
        let (mut cached, mut uncached, mut times) = (Row::default(), Row::default(), Vec::new());
        for _ in 0..TURNS {
            let (with, without) = (of(server), of(bare));
            cached.push(with, with);
            uncached.push(without, without);
            times.push(with.0 / without.0);
        }
        let (with, without, times) = (at(&cached.per_cpu, 0.5), at(&uncached.per_cpu, 0.5), at(&times, 0.5));
        let (per_second, bare) = (at(&cached.per_second, 0.5), at(&uncached.per_second, 0.5));
        println!("| {name} | {with:.0} | {without:.0} | {times:.1} | {per_second:.0} | {bare:.0} |");
    }
    let counted = |resource: &str| {
        let hits = ["memory", "redis"]
            .map(|tier| server.metric(&format!("cache_hits_total{{resource=\"{resource}\",tier=\"{tier}\"}}")));
        (
            hits.iter().sum::<u64>() as f64,
            server.metric(&format!("cache_misses_total{{resource=\"{resource}\"}}")) as f64,
        )
    };
    let before = ["qrCodes", "qrCode"].map(counted);
    let json = [member, &[("content-type", "application/json".to_owned())]].concat();
    for round in 0..100 {
        // Of a hundred requests, two change a code.
        for number in 0..49 {
            assert_eq!(server.raw_request("GET", "/api/qr", member, b"").status, 200);
            let path = format!("/api/qr/bench{}", number % 10 + 1);
            assert_eq!(server.raw_request("GET", &path, member, b"").status, 200);
        }
        for path in ["/api/qr/bench1".to_owned(), format!("/api/qr/bench{}", round % 99 + 1)] {
            let target = format!(r#"{{"targetUrl":"https://example.org/{round}"}}"#);
            assert_eq!(server.raw_request("PATCH", &path, &json, target.as_bytes()).status, 200);
        }
    }
    let rate = |(resource, (hits, misses)): (&str, (f64, f64))| {
        let (now_hits, now_misses) = counted(resource);
        100.0 * (now_hits - hits) / (now_hits - hits + now_misses - misses)
    };
    let [lists, codes] = [("qrCodes", before[0]), ("qrCode", before[1])].map(rate);
    println!(
        "\nwith 2 changes among 100 requests, {lists:.0} % of reads of lists hit, and {codes:.0} % of those of single codes"
    );
}

/// How long scans take when half as many come as the server can answer: connections that each wait between two requests.
fn scans_at_half_load(server: &Server, most: f64) {
    let before = server.metric("scans_total");
    let (readers, rate) = (32_u32, (most / 2.0).min(10_000.0));
    let pause = Duration::from_secs_f64(f64::from(readers) / rate);
    let mut times: Vec<Duration> = Vec::new();
    let began = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..readers)
            .map(|reader| scope.spawn(move || paced_scans(server, pause, pause * reader / readers)))
            .collect();
        for thread in threads {
            times.extend(thread.join().expect("times"));
        }
    });
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!("\n{per_second:.0} scans a second: median {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    assert_eq!(server.metric("scans_total") - before, times.len() as u64, "every scan is counted");
}

fn paced_scans(server: &Server, pause: Duration, first: Duration) -> Vec<Duration> {
    let address = server.base.strip_prefix("http://").expect("an address");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let request = format!("GET /scan/bench HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let (began, mut times, mut buffer) = (Instant::now() + first, Vec::new(), [0; 4096]);
    for number in 0.. {
        // By the plan, not by when the answer before came: else a slow answer would hide those that wait behind it.
        let due = began + pause * number;
        if due.duration_since(began) > Duration::from_secs(5) {
            break;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(request.as_bytes()).expect("sent");
        let mut read = 0;
        while !buffer[..read].ends_with(b"\r\n\r\n") {
            read += stream.read(&mut buffer[read..]).expect("an answer");
        }
        assert!(buffer.starts_with(b"HTTP/1.1 302"));
        times.push(due.elapsed());
    }
    times
}

/// A hundred readers at once, each of a profile that no tier has.
fn cold_keys(server: &Server) {
    let names: Vec<_> = (0..100).map(|index| format!("cold{index:03}")).collect();
    for name in &names {
        let account = serde_json::json!({ "username": name, "password": "correct horse", "displayName": "Cold" });
        assert_eq!(server.request("POST", "/api/accounts", None, Some(&account)).status, 201);
    }
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let readers: Vec<_> = names
            .iter()
            .map(|name| {
                scope.spawn(move || {
                    let mut connection = server.connection();
                    let began = Instant::now();
                    let (lookup, _) = connection.get(&format!("/api/public/{name}"));
                    assert_eq!(lookup, "MISS");
                    began.elapsed()
                })
            })
            .collect();
        times.extend(readers.into_iter().map(|reader| reader.join().expect("a time")));
    });
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("\n100 cold keys at once: median {:.1} ms, p99 {:.1} ms", ms(times[49]), ms(times[98]));
}

/// What the process grows by for each profile that it keeps.
fn memory_per_profile(redis: &Redis) {
    const COUNT: u64 = 5_000;
    let folder = tempfile::tempdir().expect("a folder");
    let url = redis.url();
    let server = Server::start_with(folder.path(), &["--demo"], &[("REDIS_URL", &url)]);
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    server.get("/api/public/devcard-demo");
    let profile = redis.cli(&["get", "profile:devcard-demo"]);
    for index in 0..COUNT {
        redis.cli(&["set", &format!("profile:user{index:05}"), &profile, "ex", "3000"]);
        if index == 999 {
            // Those that make room for buffers are not counted.
            read_all(&server, 0..1_000);
        }
    }
    let before = memory(server.pid());
    read_all(&server, 1_000..COUNT);
    let each = (memory(server.pid()) - before) / (COUNT - 1_000);
    println!(
        "memory of a cached profile with 8 links: {each} bytes in the process, for {} bytes of JSON",
        profile.len()
    );
}

fn read_all(server: &Server, range: std::ops::Range<u64>) {
    let mut connection = server.connection();
    for index in range {
        assert_eq!(connection.get(&format!("/api/public/user{index:05}")).0, "HIT");
    }
}
