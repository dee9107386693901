//! Every request in a file, as it ends, and in memory for the figures.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cause::Cause;
use crate::kernel::Time;

/// The first status that is a failure (RFC 9110, section 15).
const FIRST_FAILURE: u16 = 400;

/// The last requests, of which the failures decide whether the measurement ends.
const RECENT: usize = 100;

/// How long a row may stay in memory alone.
const FLUSH: Duration = Duration::from_secs(1);

/// The columns of the file.
const COLUMNS: [&str; 19] = [
    "variant",
    "point",
    "replication",
    "window",
    "request",
    "attempt",
    "class",
    "client",
    "due_s",
    "start_s",
    "connected_s",
    "first_byte_s",
    "end_s",
    "elapsed_s",
    "status",
    "cause",
    "connection",
    "bytes",
    "counted",
];

/// One attempt of a request. Times are from the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The number of the request in its run, from 1.
    pub number: u64,
    /// Earlier attempts of it.
    pub earlier: u16,
    /// The index of its class.
    pub class: u32,
    /// Who sends it.
    pub client: u32,
    /// When its first attempt was to be sent: response times are from then.
    pub first: Time,
    /// When it was to be sent.
    pub due: Time,
    /// When this program began to send it.
    pub start: Time,
    /// When it had a connection, and which: its number, from 1, and whether it was open before.
    pub connection: Option<(Time, u32, bool)>,
    /// When the head of the answer was there, and its status.
    pub answer: Option<(Time, u16)>,
    /// When the whole answer was there, or what failed.
    pub end: Time,
    /// Why there is no whole answer.
    pub cause: Option<Cause>,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// Another attempt follows.
    pub is_tried_again: bool,
}

impl Row {
    /// Why it failed; none where it did not. An answer with a status of 400 or above is a failure.
    pub fn failure(&self) -> Option<String> {
        match (self.cause, self.answer) {
            (Some(cause), _) => Some(cause.words().into()),
            (None, Some((_, status))) if status >= FIRST_FAILURE => Some(format!("status {status}")),
            _ => None,
        }
    }

    /// Whether the end of the run cut it off.
    pub fn is_cut_off(&self) -> bool {
        self.cause == Some(Cause::CutOff)
    }

    /// The response time, in seconds.
    pub fn elapsed(&self) -> f64 {
        self.end.since(self.first).seconds()
    }

    /// How late this program was, in seconds.
    pub fn late(&self) -> f64 {
        self.start.since(self.due).seconds()
    }

    /// Whether it counts in a window, in seconds from the start of the run.
    pub fn counts(&self, (from, to): (f64, f64)) -> bool {
        let end = self.end.seconds();
        !self.is_cut_off() && !self.is_tried_again && end >= from && end <= to
    }
}

/// The first line of the file.
pub fn header() -> String {
    COLUMNS.join(",") + "\n"
}

/// What all rows of a run begin with, and its classes.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    /// Variant, point and replication, as fields of CSV.
    pub place: String,
    /// The names of the classes.
    pub classes: Vec<String>,
}

/// A line of the file.
pub fn line(row: &Row, heading: &Heading, window: Option<(f64, f64)>) -> String {
    let time = |time: Time| format!("{}.{:06}", time.0 / 1_000_000_000, time.0 % 1_000_000_000 / 1000);
    let optional = |moment: Option<Time>| moment.map(time).unwrap_or_default();
    let class = heading.classes.get(row.class as usize).map_or("", String::as_str);
    let failure = row.failure().unwrap_or_default();
    let status = row.answer.map(|(_, status)| status.to_string()).unwrap_or_default();
    let connection = match row.connection {
        Some((_, number, is_reused)) => format!("{}{number}", if is_reused { "kept " } else { "new " }),
        None => String::new(),
    };
    let span = window.map(|(from, to)| format!("{from}-{to}")).unwrap_or_default();
    format!(
        "{},{span},{},{},{},{},{},{},{},{},{},{},{status},{failure},{connection},{},{}\n",
        heading.place,
        row.number,
        row.earlier + 1,
        field(class),
        row.client,
        time(row.due),
        time(row.start),
        optional(row.connection.map(|(at, ..)| at)),
        optional(row.answer.map(|(at, _)| at)),
        time(row.end),
        time(row.end.since(row.first)),
        row.bytes,
        if row.counts(window.unwrap_or((0.0, f64::MAX))) { "yes" } else { "no" },
    )
}

/// A text as a field of CSV (RFC 4180).
pub fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Takes rows from the thread that sends.
pub(super) struct Recorder {
    rows: Sender<Row>,
    /// Why rows cannot be written, once they cannot.
    unwritten: Arc<OnceLock<String>>,
    began: Cell<Instant>,
    is_on: Cell<bool>,
    recent: RefCell<VecDeque<bool>>,
    failed: Cell<usize>,
    under_way: Cell<usize>,
    /// When a request last began or ended.
    last: Cell<Instant>,
}

impl Recorder {
    /// A recorder, and the thread that writes.
    pub fn start(path: &Path, heading: &Heading, window: Option<(f64, f64)>) -> io::Result<(Rc<Self>, Writer)> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(header().as_bytes())?;
        let (rows, receiver) = channel();
        let unwritten = Arc::<OnceLock<String>>::default();
        let (path, of_thread, fails) = (path.to_owned(), heading.clone(), Arc::clone(&unwritten));
        let thread = thread::Builder::new()
            .name("rows".into())
            .spawn(move || take(&receiver, file, &of_thread, window, &fails))?;
        let now = Instant::now();
        let recorder = Self {
            rows,
            unwritten,
            began: Cell::new(now),
            is_on: Cell::new(true),
            recent: RefCell::default(),
            failed: Cell::new(0),
            under_way: Cell::new(0),
            last: Cell::new(now),
        };
        Ok((Rc::new(recorder), Writer { thread, path, heading: heading.clone() }))
    }

    /// Rows count from now on, and times are from now on.
    pub fn begin(&self, is_on: bool) {
        self.began.set(Instant::now());
        self.is_on.set(is_on);
    }

    /// When the run began.
    pub fn began(&self) -> Instant {
        self.began.get()
    }

    /// The time from the start of the run to a moment.
    pub fn since(&self, moment: Instant) -> Time {
        Time(moment.saturating_duration_since(self.began.get()).as_nanos().try_into().unwrap_or(u64::MAX))
    }

    /// Why rows cannot be written; none as long as they can.
    pub fn unwritten(&self) -> Option<&str> {
        self.unwritten.get().map(String::as_str)
    }

    /// The share of recent requests that failed; none as long as there are too few.
    pub fn failing(&self) -> Option<f64> {
        (self.recent.borrow().len() == RECENT).then(|| self.failed.get() as f64 / RECENT as f64)
    }

    /// How long requests have been under way while none began or ended.
    pub fn silence(&self) -> Duration {
        if self.under_way.get() > 0 { self.last.get().elapsed() } else { Duration::ZERO }
    }

    fn put(&self, row: Row) {
        self.under_way.set(self.under_way.get() - 1);
        if !row.is_cut_off() {
            self.last.set(Instant::now());
            let mut recent = self.recent.borrow_mut();
            let has_failed = row.failure().is_some();
            recent.push_back(has_failed);
            let forgotten = if recent.len() > RECENT { recent.pop_front() } else { None };
            self.failed.set(self.failed.get() + usize::from(has_failed) - usize::from(forgotten == Some(true)));
        }
        if self.is_on.get() {
            // The thread hears until this is dropped.
            let _ = self.rows.send(row);
        }
    }
}

/// A request under way. Dropped before it has ended, it was cut off.
pub(super) struct Flight {
    recorder: Rc<Recorder>,
    row: Row,
    is_over: bool,
}

impl Flight {
    /// A request begins.
    pub fn begin(recorder: &Rc<Recorder>, row: Row) -> Self {
        recorder.under_way.set(recorder.under_way.get() + 1);
        recorder.last.set(Instant::now());
        Self { recorder: Rc::clone(recorder), row, is_over: false }
    }

    fn now(&self) -> Time {
        self.recorder.since(Instant::now())
    }

    /// It has a connection.
    pub fn connected(&mut self, number: u32, is_reused: bool) {
        self.row.connection = Some((self.now(), number, is_reused));
    }

    /// The head of its answer is there.
    pub fn answered(&mut self, status: u16) {
        self.row.answer = Some((self.now(), status));
    }

    /// A part of the body is there.
    pub fn received(&mut self, bytes: usize) {
        self.row.bytes += bytes as u64;
    }

    /// Whether it failed, ending thus.
    pub fn fails(outcome: Result<u16, Cause>) -> bool {
        outcome.map_or(true, |status| status >= FIRST_FAILURE)
    }

    /// It has ended.
    pub fn end(mut self, outcome: Result<u16, Cause>, is_tried_again: bool) {
        self.row.end = self.now();
        self.row.cause = outcome.err();
        self.row.is_tried_again = is_tried_again;
        self.is_over = true;
        self.recorder.put(self.row.clone());
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.is_over {
            self.row.end = self.now();
            self.row.cause = Some(Cause::CutOff);
            self.recorder.put(self.row.clone());
        }
    }
}

/// The thread that writes.
pub(super) struct Writer {
    thread: JoinHandle<(Vec<Row>, io::Result<()>)>,
    path: PathBuf,
    heading: Heading,
}

impl Writer {
    /// All rows, once the recorder is gone, in the order in which they were due; so is the file then. Where that cannot be
    /// written, the file keeps the order in which they ended.
    pub fn finish(self, window: impl FnOnce(&[Row]) -> (f64, f64)) -> (Vec<Row>, io::Result<()>) {
        let Self { thread, path, heading } = self;
        let (mut rows, written) = thread.join().unwrap_or_else(|_| (Vec::new(), Err(io::Error::other("it panicked"))));
        rows.sort_by_key(|row| (row.due, row.number, row.earlier));
        let window = window(&rows);
        let sorted = written.and_then(|()| {
            let draft = path.with_extension("csv.tmp");
            let sorted = write(&draft, &rows, &heading, window).and_then(|()| fs::rename(&draft, &path));
            if sorted.is_err() {
                let _ = fs::remove_file(&draft);
            }
            sorted
        });
        (rows, sorted)
    }
}

/// Writes a file of these rows.
fn write(path: &Path, rows: &[Row], heading: &Heading, window: (f64, f64)) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(header().as_bytes())?;
    rows.iter().try_for_each(|row| file.write_all(line(row, heading, Some(window)).as_bytes()))?;
    file.flush()
}

/// Writes rows until no more can come.
fn take(
    receiver: &Receiver<Row>,
    mut file: BufWriter<File>,
    heading: &Heading,
    window: Option<(f64, f64)>,
    unwritten: &OnceLock<String>,
) -> (Vec<Row>, io::Result<()>) {
    let (mut rows, mut written, mut flushed) = (Vec::new(), Ok(()), Instant::now());
    loop {
        match receiver.recv_timeout(FLUSH) {
            Ok(row) => {
                // What cannot be written once is not tried again: the run ends, and its figures come from memory.
                if written.is_ok() {
                    written = file.write_all(line(&row, heading, window).as_bytes());
                }
                rows.push(row);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if flushed.elapsed() >= FLUSH && written.is_ok() {
            flushed = Instant::now();
            written = file.flush();
        }
        if let Err(error) = &written {
            unwritten.get_or_init(|| error.to_string());
        }
    }
    let written = written.and_then(|()| file.flush());
    (rows, written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_that_of_requests_under_way() {
        const WAIT: Duration = Duration::from_millis(5);
        let file = std::env::temp_dir().join(format!("sim-silence-{}.csv", std::process::id()));
        let (recorder, writer) = Recorder::start(&file, &Heading::default(), None).unwrap();
        thread::sleep(WAIT);
        assert_eq!(recorder.silence(), Duration::ZERO);
        let flight = Flight::begin(&recorder, Row::default());
        let cut_off = Flight::begin(&recorder, Row::default());
        thread::sleep(WAIT);
        assert!(recorder.silence() >= WAIT);
        flight.end(Ok(200), false);
        drop(cut_off);
        // A client that thinks for long is not silent.
        thread::sleep(WAIT);
        assert_eq!(recorder.silence(), Duration::ZERO);
        drop(recorder);
        assert_eq!(writer.finish(|_| (0.0, 1.0)).0.len(), 2);
        fs::remove_file(file).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn rows_survive_a_full_disk() {
        let (recorder, writer) = Recorder::start(Path::new("/dev/full"), &Heading::default(), None).unwrap();
        let (began, mut count) = (Instant::now(), 0);
        while recorder.unwritten().is_none() && began.elapsed() < Duration::from_secs(60) {
            Flight::begin(&recorder, Row::default()).end(Ok(200), false);
            count += 1;
            thread::sleep(Duration::from_millis(1));
        }
        assert!(recorder.unwritten().is_some_and(|reason| reason.contains("No space left")));
        drop(recorder);
        let (rows, written) = writer.finish(|_| (0.0, 1.0));
        assert!(rows.len() == count && written.is_err());
    }
}
