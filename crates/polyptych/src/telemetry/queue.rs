//! Lines on their way to where the log is read. Who tells puts them one behind the other into memory, and a thread writes all that
//! have come within a moment at once: to wake it for each, and to write each by itself, would cost a call more than all else that
//! is told of it. A warning waits for nothing. Nothing is lost: where too many wait, who tells waits, too, and at the end all are
//! written.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that may wait to be written.
const MOST: usize = 4 << 20;

/// Bytes that are written without waiting for more.
const ENOUGH: usize = 64 << 10;

/// How long a line waits for those that follow it.
const MOMENT: Duration = Duration::from_millis(10);

/// How long the end waits for what reads the log and has stopped reading.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines are put. A clone puts them there, too.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Told to the thread: there are lines, or enough of them, or it is to end.
    came: Condvar,
    /// Told by it: it has taken them, or has ended.
    went: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// There is a warning among them.
    urgent: bool,
    ending: bool,
    ended: bool,
}

impl Waiting {
    /// Whether they are written without waiting for more.
    fn is_due(&self) -> bool {
        self.urgent || self.lines.len() >= ENOUGH
    }
}

/// A line on its way into the queue.
#[derive(Debug)]
pub(super) struct Line<'q> {
    queue: &'q Shared,
    urgent: bool,
}

/// Dropped, it waits until all lines are written.
#[derive(Debug)]
pub(super) struct Written(Arc<Shared>);

impl Queue {
    /// Begins to write lines to `log`.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn start(log: impl Write + Send + 'static) -> io::Result<(Self, Written)> {
        Self::start_within(log, MOMENT)
    }

    fn start_within(mut log: impl Write + Send + 'static, moment: Duration) -> io::Result<(Self, Written)> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        thread::Builder::new().name("log".to_owned()).spawn(move || own.write(&mut log, moment))?;
        Ok((Self(Arc::clone(&shared)), Written(shared)))
    }
}

impl Shared {
    fn put(&self, line: &[u8], urgent: bool) {
        let full = |waiting: &mut Waiting| !waiting.lines.is_empty() && waiting.lines.len() + line.len() > MOST;
        let mut waiting = self.waiting();
        if full(&mut waiting) {
            let free = |waiting: &mut Waiting| !waiting.ended && full(waiting);
            waiting = self.went.wait_while(waiting, free).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.ended {
            return;
        }
        let (first, was_due) = (waiting.lines.is_empty(), waiting.is_due());
        waiting.lines.extend_from_slice(line);
        waiting.urgent |= urgent;
        let wakes = first || waiting.is_due() != was_due;
        drop(waiting);
        if wakes {
            self.came.notify_one();
        }
    }

    /// Writes lines until it is to end and there are none.
    fn write(&self, log: &mut impl Write, moment: Duration) {
        let mut taken = Vec::new();
        loop {
            let none = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.ending;
            let few = |waiting: &mut Waiting| !waiting.is_due() && !waiting.ending;
            let waiting = self.came.wait_while(self.waiting(), none).unwrap_or_else(PoisonError::into_inner);
            let waited = self.came.wait_timeout_while(waiting, moment, few);
            let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if waiting.lines.is_empty() {
                waiting.ended = true;
                self.went.notify_all();
                return;
            }
            std::mem::swap(&mut waiting.lines, &mut taken);
            waiting.urgent = false;
            drop(waiting);
            self.went.notify_all();
            // There is nobody who could be told.
            let _ = log.write_all(&taken).and_then(|()| log.flush());
            taken.clear();
            taken.shrink_to(2 * ENOUGH);
        }
    }

    /// Telling goes on whatever panicked meanwhile.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'q> MakeWriter<'q> for Queue {
    type Writer = Line<'q>;

    fn make_writer(&'q self) -> Line<'q> {
        Line { queue: &self.0, urgent: false }
    }

    fn make_writer_for(&'q self, metadata: &Metadata<'_>) -> Line<'q> {
        Line { queue: &self.0, urgent: *metadata.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.put(line, self.urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.ending = true;
        self.0.came.notify_one();
        drop(self.0.went.wait_timeout_while(waiting, PATIENCE, |waiting| !waiting.ended));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells of each write, and ends it when it is let go on.
    struct Gate {
        written: Sender<Vec<u8>>,
        go: Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            self.go.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated(moment: Duration) -> (Queue, Written, Receiver<Vec<u8>>, Sender<()>) {
        let ((written, told), (let_go, go)) = (channel(), channel());
        let (queue, all) = Queue::start_within(Gate { written, go }, moment).unwrap();
        (queue, all, told, let_go)
    }

    fn put(queue: &Queue, line: &[u8]) {
        queue.make_writer().write_all(line).unwrap();
    }

    #[test]
    fn lines_that_come_together_are_written_at_once_and_in_their_order() {
        let (queue, all, written, go) = gated(Duration::ZERO);
        put(&queue, b"1\n");
        assert_eq!(written.recv().unwrap(), b"1\n");
        for line in [b"2\n", b"3\n", b"4\n"] {
            put(&queue, line);
        }
        go.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), b"2\n3\n4\n");
        go.send(()).unwrap();
        drop(all);
        assert!(written.try_recv().is_err());
    }

    #[test]
    fn at_the_end_all_is_written_without_waiting_for_more() {
        let (queue, all, written, go) = gated(Duration::MAX);
        put(&queue, b"1\n");
        put(&queue, b"2\n");
        go.send(()).unwrap();
        drop(all);
        assert_eq!(written.recv().unwrap(), b"1\n2\n");
        put(&queue, b"late\n");
        assert!(written.recv().is_err());
    }

    #[test]
    fn enough_lines_wait_for_no_more() {
        let (queue, _all, written, go) = gated(Duration::MAX);
        let line = vec![b'x'; ENOUGH / 2];
        put(&queue, &line);
        put(&queue, &line);
        assert_eq!(written.recv().unwrap().len(), ENOUGH);
        go.send(()).unwrap();
    }

    #[test]
    fn a_warning_waits_for_no_more() {
        let (queue, _all, written, go) = gated(Duration::MAX);
        put(&queue, b"1\n");
        let log = tracing_subscriber::fmt().with_writer(queue).without_time().with_ansi(false).finish();
        tracing::subscriber::with_default(log, || tracing::warn!(target: "part", "late"));
        assert_eq!(written.recv().unwrap(), b"1\n WARN part: late\n");
        go.send(()).unwrap();
    }

    #[test]
    fn who_tells_waits_where_too_much_waits_and_nothing_is_lost() {
        let (queue, all, written, go) = gated(Duration::ZERO);
        put(&queue, b"first");
        assert_eq!(written.recv().unwrap(), b"first");
        let line = vec![b'x'; MOST];
        put(&queue, &line);
        let (done, told) = channel();
        let late = queue.clone();
        let telling = thread::spawn(move || {
            put(&late, b"last");
            done.send(()).unwrap();
        });
        assert!(told.try_recv().is_err());
        assert_eq!(queue.0.waiting().lines.len(), MOST);
        go.send(()).unwrap();
        assert_eq!(written.recv().unwrap().len(), MOST);
        told.recv().unwrap();
        go.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), b"last");
        go.send(()).unwrap();
        telling.join().unwrap();
        drop(all);
    }
}
