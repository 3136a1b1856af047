//! The faults, as a table: what is done to an exchange, in which direction, whether the provider got the request all
//! the same, and what a client that survives it has shown. What the client ought to make of each is not here but in
//! [`crate::expect`].

/// Which way the bytes go that a fault touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Neither: there is no connection to speak of.
    Connection,
    /// From the client to the provider.
    Request,
    /// From the provider to the client.
    Answer,
}

/// How a connection ends that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// RST: what was under way is thrown away.
    Reset,
    /// FIN: an orderly end too early.
    Close,
    /// None: nothing more is read or written.
    Silence,
}

/// How much passes before the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// This many bytes of the message, head included.
    Bytes(u64),
    /// The whole head, and this many hundredths of the body; half of the head where there is no body.
    Body(u64),
}

/// What stands in a body that is not the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// A gateway's page.
    Html,
    /// Nothing.
    Empty,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nobody listens: the address refuses connections.
    Refuse,
    /// The request is cut; the provider gets what passed.
    CutRequest(Until, Ending),
    /// Eight bytes in the middle of the request's body, where it has one, become no text of any encoding.
    CorruptRequest,
    /// The provider works on the whole request; its answer is cut.
    CutAnswer(Until, Ending),
    /// The provider works on the request; a well-framed message holds only half of its answer's body.
    HalveBody,
    /// The provider works on the request; eight bytes in the middle of its answer's body become no text of any encoding.
    Corrupt,
    /// The provider works on the request; its answer's body is gzipped, and eight bytes in the middle of that are damaged.
    CorruptGzip,
    /// The provider works on the request; its answer comes twice on the same connection.
    Duplicate,
    /// The provider works on the request; its answer comes one byte at a time.
    Drip,
    /// The provider works on the request; more bytes are announced than come.
    Overstate,
    /// The provider works on the request; fewer bytes are announced than come.
    Understate,
    /// Another answer in the place of the provider's.
    Instead {
        /// Its status.
        status: u16,
        /// Its `Retry-After` in seconds.
        retry_after: Option<u32>,
        /// Its body.
        page: Page,
        /// Whether the provider got the request before.
        passed: bool,
    },
    /// The provider works on the request; the body is 64 MiB of spaces, gzipped a thousandfold.
    Inflate,
    /// The provider works on the request; the body never ends.
    Endless,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name in tables and logs.
    pub name: &'static str,
    /// Which way it strikes.
    pub direction: Direction,
    /// What is done.
    pub action: Action,
    /// What it shows about delivery.
    pub proves: &'static str,
}

impl Fault {
    /// The row of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.name == name)
    }

    /// Whether the provider gets the whole request, and so carries it out if it can be read.
    pub fn reaches(&self) -> bool {
        match self.action {
            Action::Refuse | Action::CutRequest(..) => false,
            Action::Instead { passed, .. } => passed,
            _ => true,
        }
    }
}

const fn instead(status: u16, retry_after: Option<u32>, page: Page, passed: bool) -> Action {
    Action::Instead { status, retry_after, page, passed }
}

macro_rules! faults {
    ($($name:literal $direction:ident $action:expr => $proves:literal)*) => {
        &[$(Fault { name: $name, direction: Direction::$direction, action: $action, proves: $proves }),*]
    };
}

use Action::*;
use Ending::*;
use Until::*;

/// All faults.
pub const FAULTS: &[Fault] = faults! {
    "refused" Connection Refuse => "no connection: nothing was sent"
    "reset-at-once" Connection CutRequest(Bytes(0), Reset) => "a connection that dies under the request"
    "request-reset-200" Request CutRequest(Bytes(200), Reset) => "a request whose announced length never arrives is not applied"
    "request-reset" Request CutRequest(Body(10), Reset) => "a part of an image is no image"
    "request-closed" Request CutRequest(Body(10), Close) => "an early end is no answer"
    "request-corrupt" Request CorruptRequest => "a refusal of what arrived damaged proves that nothing was done"
    "request-stall" Request CutRequest(Body(10), Silence) => "a peer that stops reading meets the idle limit"
    "lost-reset" Answer CutAnswer(Bytes(0), Reset) => "a lost answer is not a lost request"
    "lost-closed" Answer CutAnswer(Bytes(0), Close) => "a lost answer is not a lost request"
    "lost-stall" Answer CutAnswer(Bytes(0), Silence) => "silence after a request says nothing about it"
    "answer-reset-12" Answer CutAnswer(Bytes(12), Reset) => "half a status line is no status"
    "answer-reset" Answer CutAnswer(Body(50), Reset) => "a status without its body"
    "answer-closed" Answer CutAnswer(Body(50), Close) => "a body shorter than announced is not taken for whole"
    "answer-stall" Answer CutAnswer(Body(50), Silence) => "a peer that stops writing meets the idle limit"
    "drip" Answer Drip => "a peer that never falls silent meets the total limit"
    "half-document" Answer HalveBody => "a document is checked to its end, not only its frame"
    "corrupt" Answer Corrupt => "damaged text is not taken for a value"
    "corrupt-gzip" Answer CorruptGzip => "what does not inflate is no answer"
    "overstated" Answer Overstate => "the announced length is believed"
    "understated" Answer Understate => "what comes behind the announced length is nobody's answer"
    "duplicate" Answer Duplicate => "an answer belongs to one request"
    "429" Answer instead(429, None, Page::Empty, false) => "a refusal to work on it is no failure of it"
    "429-retry-after" Answer instead(429, Some(1), Page::Empty, false) => "the provider's hint wins"
    "500" Answer instead(500, None, Page::Empty, false) => "a failure before the work looks like one after it"
    "500-after" Answer instead(500, None, Page::Empty, true) => "a failure after the work looks like one before it"
    "502-html" Answer instead(502, None, Page::Html, false) => "a gateway's page is no answer"
    "502-html-after" Answer instead(502, None, Page::Html, true) => "a gateway that lost the answer"
    "503" Answer instead(503, None, Page::Html, false) => "out of service is not refused"
    "503-retry-after" Answer instead(503, Some(1), Page::Html, false) => "the provider's hint wins"
    "504" Answer instead(504, None, Page::Html, false) => "a gateway that never reached the provider"
    "504-after" Answer instead(504, None, Page::Html, true) => "a gateway that did not wait for the provider"
    "200-html" Answer instead(200, None, Page::Html, false) => "a success is not believed without the provider's words"
    "200-html-after" Answer instead(200, None, Page::Html, true) => "a success is not believed without the provider's words"
    "gzip-bomb" Answer Inflate => "what inflates is capped as what it becomes"
    "endless" Answer Endless => "a body without an end meets the cap"
};
