//! Why requests fail, and the reports' words for it.

/// Why a request failed. Zero is none, then the causes that the parts know, then the model's own reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure(u8);

/// The causes that the parts know: name, number (reports list them in this order) and words.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $words:literal;)*) => {
        impl Failure {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }

        const WORDS: &[(Failure, &str)] = &[$((Failure::$name, $words)),*];
    };
}

causes! {
    /// It did not.
    NONE = 0, "none";
    /// The client gave up.
    GAVE_UP = 1, "client gave up";
    /// No connection or slot came free in time.
    ACQUIRE_TIMEOUT = 2, "acquire timed out";
    /// No connection to the server in time.
    CONNECT_TIMEOUT = 3, "connect timed out";
    /// No answer of another service in time.
    READ_TIMEOUT = 4, "read timed out";
    /// No descriptor left for an outbound connection (EMFILE).
    NO_DESCRIPTOR = 5, "too many open files";
    /// A station was full.
    TURNED_AWAY = 6, "turned away";
    /// Cancelled because the client gave up.
    CANCELLED = 7, "cancelled";
    /// A circuit breaker was open.
    BREAKER_OPEN = 8, "breaker open";
    /// A `timeout` step was over.
    TIMED_OUT = 9, "timed out";
    /// The deadline that came with a call was over.
    DEADLINE_EXCEEDED = 10, "deadline exceeded";
    /// Too many waited for a limit.
    SHED = 11, "shed";
    /// The ingress had no token (429).
    RATE_LIMITED = 12, "rate limited (429)";
    /// Too many were inside the ingress (429).
    TOO_MANY_IN_FLIGHT = 13, "too many in flight (429)";
    /// The database takes no more connections.
    TOO_MANY_CONNECTIONS = 14, "too many database connections";
    /// A statement took longer than `command_timeout`.
    COMMAND_TIMEOUT = 15, "command timed out";
    /// No ephemeral port left for an outbound connection (EADDRNOTAVAIL).
    NO_PORT = 16, "no free port";
    /// The queue before a thread pool was full.
    THREADS_FULL = 17, "thread queue full";
    /// The process that answered, or was to answer, was killed (a reset connection).
    CONNECTION_LOST = 20, "connection lost";
    /// No replica accepts connections.
    CONNECTION_REFUSED = 21, "connection refused";
    /// A queue was full and refused the message.
    QUEUE_FULL = 26, "queue full";
    /// What the answer promised was never completed: a message was dropped or dead-lettered, or a handler failed.
    INCOMPLETE = 27, "never completed";
    /// The handler of a message had not acknowledged it in time, so that the broker delivered it again.
    UNACKNOWLEDGED = 28, "not acknowledged in time";
    /// The server closed the connection that the request was sent on.
    DISCONNECTED = 36, "server disconnected";
    /// It had waited for as long as controlled delay allows.
    DELAY_CONTROLLED = 37, "shed by controlled delay";
    /// It could no longer be done before its caller's deadline.
    TOO_LATE = 38, "shed as too late";
}

impl Failure {
    /// Causes by which a part refuses work on purpose, so that the rest is served: limits and breakers that say no at
    /// once. A connection that is refused because nothing listens is no such cause.
    pub const REFUSALS: &[Self] = &[
        Self::TURNED_AWAY,
        Self::BREAKER_OPEN,
        Self::SHED,
        Self::RATE_LIMITED,
        Self::TOO_MANY_IN_FLIGHT,
        Self::THREADS_FULL,
        Self::QUEUE_FULL,
        Self::DELAY_CONTROLLED,
        Self::TOO_LATE,
    ];

    /// Causes by which a request fails at once because something has run out.
    const EXHAUSTED: &[Self] = &[Self::NO_DESCRIPTOR, Self::TOO_MANY_CONNECTIONS, Self::NO_PORT];

    /// Whether these are the reports' words for a cause by which a request fails at once, on purpose or because something
    /// has run out, and not after waiting.
    pub fn fails_at_once(words: &str) -> bool {
        Self::REFUSALS.iter().chain(Self::EXHAUSTED).any(|cause| cause.describe(&[]) == words)
    }

    /// Whether a request fails at once by this cause, on purpose or because something has run out.
    pub fn is_at_once(self) -> bool {
        Self::REFUSALS.contains(&self) || Self::EXHAUSTED.contains(&self)
    }

    /// Causes by which a request is given up because it takes too long.
    const LATE: &[Self] = &[
        Self::GAVE_UP,
        Self::ACQUIRE_TIMEOUT,
        Self::CONNECT_TIMEOUT,
        Self::READ_TIMEOUT,
        Self::CANCELLED,
        Self::TIMED_OUT,
        Self::DEADLINE_EXCEEDED,
        Self::COMMAND_TIMEOUT,
        Self::UNACKNOWLEDGED,
    ];

    /// Whether it comes from around the token, not from what it waits for: a cancellation, a time-out of several steps.
    pub fn is_from_outside(self) -> bool {
        matches!(self, Self::CANCELLED | Self::TIMED_OUT | Self::DEADLINE_EXCEEDED)
    }

    /// Whether these are the reports' words for a cause by which a request is given up because it takes too long.
    pub fn is_late(words: &str) -> bool {
        Self::LATE.iter().any(|cause| cause.describe(&[]) == words)
    }

    /// Whether these are words of the model's own.
    pub fn is_own(words: &str) -> bool {
        WORDS.iter().all(|(_, known)| *known != words)
    }

    /// Causes below are the parts'; what follows is the model's own.
    const FIRST_REASON: u8 = 40;

    /// The model's own reason number `index`; beyond 215 they share the last.
    pub fn reason(index: u32) -> Self {
        Self(u8::try_from(index).unwrap_or(u8::MAX).saturating_add(Self::FIRST_REASON))
    }

    /// Whether this is a failure.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// Whether it is an answer that takes no work: a refusal on purpose, or a connection that nothing accepts.
    #[inline]
    pub fn is_refusal(self) -> bool {
        self == Self::CONNECTION_REFUSED || self.is_some() && Self::REFUSALS.contains(&self)
    }

    /// Whether it is an answer of a process that works: a failure of the model's own, or a refusal on purpose.
    pub fn is_reply(self) -> bool {
        self.0 >= Self::FIRST_REASON || Self::REFUSALS.contains(&self)
    }

    /// The words of all causes: of those that the parts know, then of the model's own.
    pub fn causes(reasons: &[String]) -> Vec<&str> {
        let known = WORDS.iter().filter(|(cause, _)| cause.is_some()).map(|&(_, words)| words);
        known.chain(reasons.iter().map(String::as_str)).collect()
    }

    /// In words.
    pub fn describe(self, reasons: &[String]) -> String {
        let own = || reasons.get(usize::from(self.0.checked_sub(Self::FIRST_REASON)?)).map(String::as_str);
        let known = WORDS.iter().find(|(cause, _)| *cause == self).map(|&(_, words)| words);
        known.or_else(own).unwrap_or("other").to_owned()
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn from_index(index: usize) -> Self {
        Self(index as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CAUSES;

    #[test]
    fn causes_have_numbers_and_words_of_their_own() {
        for (index, (cause, words)) in WORDS.iter().enumerate() {
            assert!(cause.0 < Failure::FIRST_REASON, "{words}");
            assert!(WORDS[..index].iter().all(|(other, same)| other < cause && same != words), "{words}");
        }
    }

    /// What `on` can name is what the reports say, but for what no step can catch.
    #[test]
    fn every_cause_that_can_be_caught_can_be_named() {
        let uncaught =
            [Failure::NONE, Failure::GAVE_UP, Failure::CANCELLED, Failure::INCOMPLETE, Failure::UNACKNOWLEDGED];
        let mut caught: Vec<&str> =
            WORDS.iter().filter(|(cause, _)| !uncaught.contains(cause)).map(|&(_, words)| words).collect();
        let mut named = CAUSES.to_vec();
        caught.sort_unstable();
        named.sort_unstable();
        assert_eq!(caught, named);
    }
}
