//! A relay in front of a server: it can be cut, can cut what comes back, and can hold it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Passes on to a port, until told otherwise.
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    cut: AtomicBool,
    /// Answers are held back.
    held: AtomicBool,
    /// How many bytes of answers may still pass before the connection is cut; negative for any number.
    left: AtomicI64,
    /// What answers have that are lost.
    losing: Mutex<Option<&'static [u8]>>,
    streams: Mutex<Vec<TcpStream>>,
}

impl Relay {
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            target,
            cut: AtomicBool::new(false),
            held: AtomicBool::new(false),
            left: AtomicI64::new(-1),
            losing: Mutex::default(),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                accepting.pass_on(client);
            }
        });
        Self { port, shared }
    }

    /// Ends every connection, and refuses new ones.
    pub fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        self.shared.close_all();
    }

    /// Passes on again.
    pub fn mend(&self) {
        self.shared.left.store(-1, Ordering::SeqCst);
        *self.shared.losing.lock().expect("a lock") = None;
        self.shared.cut.store(false, Ordering::SeqCst);
    }

    /// Holds every answer back, as a server does that hangs: connections stay open.
    pub fn hang(&self) {
        self.shared.held.store(true, Ordering::SeqCst);
    }

    /// Lets the answers go.
    pub fn go_on(&self) {
        self.shared.held.store(false, Ordering::SeqCst);
    }

    /// Lets so many bytes of answers pass, then cuts in the middle of whatever it is.
    pub fn cut_after(&self, bytes: i64) {
        self.shared.left.store(bytes, Ordering::SeqCst);
    }

    /// Loses every answer that has these bytes, and ends its connection.
    pub fn lose_answers_with(&self, bytes: &'static [u8]) {
        *self.shared.losing.lock().expect("a lock") = Some(bytes);
    }
}

impl Shared {
    fn pass_on(self: &Arc<Self>, client: TcpStream) {
        if self.cut.load(Ordering::SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else { return };
        let clone = |stream: &TcpStream| stream.try_clone().expect("a clone");
        self.streams.lock().expect("a lock").extend([clone(&client), clone(&server)]);
        let (from_client, to_server) = (clone(&client), clone(&server));
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut &from_client, &mut &to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        let shared = Arc::clone(self);
        std::thread::spawn(move || shared.answers(server, client));
    }

    fn answers(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = server.read(&mut buffer) {
            while self.held.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            if self.is_to_be_lost(&buffer[..count]) {
                break;
            }
            let left = self.left.load(Ordering::SeqCst);
            let allowed = if left < 0 { count } else { count.min(usize::try_from(left).unwrap_or_default()) };
            if left >= 0 {
                self.left.fetch_sub(i64::try_from(allowed).unwrap_or_default(), Ordering::SeqCst);
            }
            if client.write_all(&buffer[..allowed]).is_err() || allowed < count {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    }

    fn is_to_be_lost(&self, answer: &[u8]) -> bool {
        let losing = *self.losing.lock().expect("a lock");
        losing.is_some_and(|bytes| answer.windows(bytes.len()).any(|window| window == bytes))
    }

    fn close_all(&self) {
        for stream in self.streams.lock().expect("a lock").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
