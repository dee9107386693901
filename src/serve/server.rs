//! The server: connections, and the limits on what one of them may take.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::benches::Benches;
use super::guard::Names;
use super::routes::{Shared, router};

/// Connections at once; further ones wait.
const MOST_CONNECTIONS: usize = 256;

/// Time in which the head of a request must be there.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// Bytes of a request's head at most.
const HEAD_BYTES: usize = 32 * 1024;

/// What is served, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file that is shown first, beside those of the working directory.
    pub file: Option<PathBuf>,
    /// The address to listen at.
    pub listen: SocketAddr,
    /// Names by which the server may be called, beside addresses and `localhost`.
    pub names: Vec<String>,
    /// Threads that run the trials of one request.
    pub threads: usize,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Unserved {
    /// The address cannot be listened at.
    #[error("cannot listen at {0}: {1}; --listen chooses another address, and port 0 any free port")]
    Address(SocketAddr, io::Error),
    /// There is no runtime.
    #[error("cannot start the server: {0}")]
    Runtime(io::Error),
}

/// Serves until the process ends. `ready` is called with the address once the page can be opened.
///
/// # Errors
/// Where the address cannot be listened at, and where the system has no descriptors left.
pub fn serve(options: Options, ready: impl FnOnce(SocketAddr)) -> Result<(), Unserved> {
    // Connections take little; trials have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Unserved::Runtime)?;
    runtime.block_on(async {
        let wrong = |error| Unserved::Address(options.listen, error);
        let listener = TcpListener::bind(options.listen).await.map_err(wrong)?;
        ready(listener.local_addr().map_err(wrong)?);
        let shared = Shared::new(Benches::new(options.file), Names(options.names), options.threads);
        accept(&listener, Arc::new(shared)).await;
        Ok(())
    })
}

async fn accept(listener: &TcpListener, shared: Arc<Shared>) {
    let service = TowerToHyperService::new(router(shared));
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let connection = match listener.accept().await {
            Ok((connection, _)) => connection,
            Err(_) => {
                // The system has no descriptor left; one may be given back soon.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // An event is sent when it is there, not when a packet is full.
        let _ = connection.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES);
            // Whatever is wrong with a connection ends that connection.
            let _ = http.serve_connection(TokioIo::new(connection), service).await;
            drop(permit);
        });
    }
}
