//! What each URL gives.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{RawQuery, Request, State as Shares};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_core::Stream;
use rayon::ThreadPool;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Semaphore, oneshot};

use super::benches::Benches;
use super::guard::Names;
use super::page;
use super::question::Question;
use super::session::{self, Round};
use super::state::State;
use crate::language::{Mistake, Mistakes};
use crate::parts::BlameGroup;
use crate::report::{self, Report};

/// Requests that run trials at once; further ones wait.
const MOST_SESSIONS: usize = 8;

/// Events of an answer that may wait for a slow reader: more than an answer has, so that no thread waits for one.
const EVENTS: usize = 64;

/// What the page may load: nothing but what is in it, and answers of this server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; \
                      img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    benches: Benches,
    names: Names,
    threads: usize,
    room: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(benches: Benches, names: Names, threads: usize) -> Self {
        Self { benches, names, threads, room: Arc::new(Semaphore::new(MOST_SESSIONS)) }
    }
}

impl Shared {
    /// Threads for the trials of one request: the system shares the cores among requests, so that a long trial of one
    /// does not keep the others waiting.
    fn pool(&self) -> Result<ThreadPool, Mistakes> {
        let built = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build();
        built.map_err(|error| Mistake::new(format!("cannot start the threads: {error}")).into())
    }
}

type All = Shares<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/answer", get(answer))
        .route("/experiment.toml", get(experiment))
        .route("/report.html", get(report))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
        .layer(from_fn_with_state(Arc::clone(&shared), guarded))
        .with_state(shared)
}

async fn guarded(Shares(shared): All, request: Request, next: Next) -> Response {
    let mut response = match shared.names.refuse(request.version(), request.headers()) {
        Some((status, words)) => (status, format!("{words}\n")).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

/// A query that cannot be read.
fn unread(words: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{words}\n")).into_response()
}

fn mistaken(mistakes: &Mistakes) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, mistakes.render(false)).into_response()
}

fn state(query: Option<String>) -> Result<State, String> {
    State::read(&query.unwrap_or_default())
}

/// The page.
async fn index(Shares(shared): All, RawQuery(query): RawQuery) -> Response {
    let state = match state(query) {
        Ok(state) => state,
        Err(words) => return unread(&words),
    };
    let made = on_a_thread(move || {
        let question = Question::of(&state, &shared.benches);
        let status = if question.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        (status, page::page(&state, &shared.benches.names(), &question))
    });
    match made.await {
        Some((status, text)) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The experiment.
async fn experiment(Shares(shared): All, RawQuery(query): RawQuery) -> Response {
    let state = match state(query) {
        Ok(state) => state,
        Err(words) => return unread(&words),
    };
    let made = on_a_thread(move || Question::of(&state, &shared.benches)?.experiment());
    match made.await {
        Some(Ok((path, text))) => {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let plain: String = name.chars().filter(|it| it.is_ascii_alphanumeric() || "-_.".contains(*it)).collect();
            let place = path.display();
            let text = format!("# Save this as {place}, and run: sim sweep {place}\n\n{text}");
            let disposition = format!("attachment; filename=\"{plain}\"");
            let headers = [(CONTENT_TYPE, "application/toml".to_owned()), (CONTENT_DISPOSITION, disposition)];
            (headers, text).into_response()
        }
        Some(Err(mistakes)) => mistaken(&mistakes),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The report of the two designs.
async fn report(Shares(shared): All, RawQuery(query): RawQuery) -> Response {
    let state = match state(query) {
        Ok(state) => state,
        Err(words) => return unread(&words),
    };
    let Ok(permit) = Arc::clone(&shared.room).acquire_owned().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    // Where the reader goes away, this future is dropped, and the guard ends the trials.
    let guard = Guard::default();
    let flag = Arc::clone(&guard.0);
    let made = on_a_thread(move || {
        let question = Question::of(&state, &shared.benches)?;
        let (plan, saved) = (question.plan()?, question.saved());
        let mut page = String::new();
        session::run(&plan, &shared.pool()?, &flag, |report, round| {
            if round.is_last {
                page = report::page_unsaved(report, &saved);
            }
            true
        });
        drop(permit);
        Ok::<_, Mistakes>(page)
    });
    let response = match made.await {
        Some(Ok(page)) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Some(Err(mistakes)) => mistaken(&mistakes),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    drop(guard);
    response
}

/// The answer, round by round.
async fn answer(Shares(shared): All, RawQuery(query): RawQuery) -> Response {
    let state = match state(query) {
        Ok(state) => state,
        Err(words) => return unread(&words),
    };
    let (sender, receiver) = mpsc::channel(EVENTS);
    let guard = Guard::default();
    let flag = Arc::clone(&guard.0);
    tokio::spawn(async move {
        let Ok(permit) = Arc::clone(&shared.room).acquire_owned().await else { return };
        // The reader may have moved on while others were served.
        if sender.is_closed() {
            return;
        }
        on_a_thread(move || {
            tell(&state, &shared, &flag, &sender);
            drop(permit);
        })
        .await;
    });
    Sse::new(Events { receiver, _guard: guard }).into_response()
}

/// Runs the trials and sends what they show.
fn tell(state: &State, shared: &Shared, flag: &Arc<AtomicBool>, sender: &Sender<Event>) {
    let ready = || {
        let question = Question::of(state, &shared.benches)?;
        Ok::<_, Mistakes>((question.plan()?, question.time, shared.pool()?))
    };
    let (plan, time, pool) = match ready() {
        Ok(ready) => ready,
        Err(mistakes) => {
            let text = json!({ "text": mistakes.render(false).trim_end() });
            // The reader may be gone.
            let _ = sender.try_send(Event::default().event("mistake").data(text.to_string()));
            return;
        }
    };
    session::run(&plan, &pool, flag, |report, round| {
        let timeline = match round.is_last {
            true => session::timeline(&plan, report, &pool, flag),
            false => None,
        };
        let event = Event::default().event("figures").data(figures(report, round, time, timeline).to_string());
        sender.try_send(event).is_ok()
    });
    let _ = sender.try_send(Event::default().event("end").data("all"));
}

/// What the page shows after a round.
fn figures(report: &Report, round: Round, time: BlameGroup, timeline: Option<String>) -> serde_json::Value {
    let points: Vec<_> = report.summaries.iter().map(|summary| report::point_document(report, summary)).collect();
    let doubts: Vec<String> = report::warnings(report).iter().map(ToString::to_string).collect();
    json!({
        "done": round.done,
        "of": round.of,
        "last": round.is_last,
        "html": report::live(report, time),
        "timeline": timeline,
        "points": points,
        "doubts": if round.is_last { doubts } else { Vec::new() },
    })
}

/// Ends the trials of a request when it is dropped.
#[derive(Debug, Default)]
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The events of an answer. It is dropped with the connection.
struct Events {
    receiver: Receiver<Event>,
    _guard: Guard,
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// Does something that takes time on a thread that connections do not need; none where it panics.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        // The reader may be gone.
        let _ = sender.send(work());
    });
    receiver.await.ok()
}
