//! A server with known behaviour: a fixed delay in a number of slots, first come, first served.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

/// What a server does.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// How long a request has a slot.
    pub delay: Duration,
    /// Requests that are served at once.
    pub slots: usize,
    /// The status of the answer to request number n, from 1, and its path.
    pub status: fn(usize, &str) -> u16,
    /// A stretch of time after the first request in which no request gets a slot.
    pub stall: Option<(Duration, Duration)>,
    /// HTTP/2 with prior knowledge.
    pub is_two: bool,
}

impl Behaviour {
    pub fn of(delay_ms: u64, slots: usize) -> Self {
        let delay = Duration::from_millis(delay_ms);
        Self { delay, slots, status: |_, _| 200, stall: None, is_two: false }
    }
}

/// A request as it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub header: String,
    pub body: String,
}

/// A running server; it stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    behaviour: Behaviour,
    slots: Semaphore,
    connections: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    first: Mutex<Option<Instant>>,
}

impl Server {
    pub fn start(behaviour: Behaviour) -> Self {
        let shared = Arc::new(Shared {
            slots: Semaphore::new(behaviour.slots),
            behaviour,
            connections: AtomicUsize::new(0),
            seen: Mutex::default(),
            first: Mutex::default(),
        });
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let of_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
                tokio::spawn(accept(listener, of_thread));
                let _ = stopped.await;
            });
        });
        let address = told.recv().expect("an address");
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that had a request.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("nobody panics").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let is_first = AtomicUsize::new(0);
            let service = service_fn(|request| {
                // Sim connects once to see whether anything listens, and sends nothing.
                if is_first.fetch_add(1, Ordering::Relaxed) == 0 {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                }
                answer(request, Arc::clone(&shared))
            });
            let stream = TokioIo::new(stream);
            let _ = if shared.behaviour.is_two {
                hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
            } else {
                hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await
            };
        });
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> hyper::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let number = {
        let mut seen = shared.seen.lock().expect("nobody panics");
        seen.push(Seen {
            method: head.method.to_string(),
            path: path.clone(),
            header: head.headers.get("x-user").and_then(|value| value.to_str().ok()).unwrap_or_default().into(),
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        seen.len()
    };
    let behaviour = &shared.behaviour;
    {
        let slot = shared.slots.acquire().await.expect("it is never closed");
        let first = *shared.first.lock().expect("nobody panics").get_or_insert_with(Instant::now);
        if let Some((from, to)) = behaviour.stall
            && (from..to).contains(&first.elapsed())
        {
            tokio::time::sleep(to - first.elapsed()).await;
        }
        tokio::time::sleep(behaviour.delay).await;
        drop(slot);
    }
    let mut response = Response::new(Full::new(Bytes::from_static(b"hello")));
    *response.status_mut() = hyper::StatusCode::from_u16((behaviour.status)(number, &path)).expect("a status");
    Ok(response)
}
