//! The pools of clients, guessed from traces: how many calls are on their way at once, and how long calls wait before that.
//!
//! A client's span begins before its pool gives a connection, the server's when the request has arrived. With a pool of `n`
//! connections a call that begins while `n` others are at the server waits until one of them ends; without one it would make
//! them `n + 1`. So the greatest number at a server is a limit if many calls began while it was reached.

use std::collections::BTreeMap;

use super::system::Call;

/// Calls that must have waited for a guess.
const FEWEST: usize = 10;

/// The share of all calls that they must be.
const SHARE: f64 = 0.05;

/// What the calls of one service to another say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Guess {
    /// Calls of a process on their way at once, at most.
    pub most: usize,
    /// Calls that began while that many were on their way, if they were enough for a limit.
    pub waited: Option<usize>,
    /// Seconds of calls that did not wait, less those of the server.
    pub trips: Vec<f64>,
}

/// The guess for these calls.
pub(super) fn guess(calls: &[&Call]) -> Guess {
    let mut processes: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for &call in calls {
        processes.entry(&call.process).or_default().push(call);
    }
    // Each call with how many others were at the server when it began, and how many had begun and not ended.
    let mut met: Vec<(&Call, usize, usize)> = Vec::new();
    let mut most = 0;
    for of in processes.into_values() {
        let served = Present::of(of.iter().map(|call| shift(call)));
        let open = Present::of(of.iter().map(|call| (call.start, call.end)));
        most = most.max(served.most());
        met.extend(of.iter().map(|call| (*call, served.at(call.start), open.at(call.start).saturating_sub(1))));
    }
    let waited = met.iter().filter(|(_, others, _)| *others >= most).count();
    let is_limit = waited >= FEWEST && waited as f64 >= SHARE * met.len() as f64;
    let trip = |(call, ..): &(&Call, usize, usize)| {
        let served = call.served.1.saturating_sub(call.served.0);
        call.end.saturating_sub(call.start).saturating_sub(served) as f64 / 1e9
    };
    // A connection is also taken while a call is on its way, so those that began beside fewer open calls did not wait.
    let trips = met.iter().filter(|(.., open)| !is_limit || *open < most).map(trip).collect();
    Guess { most, waited: is_limit.then_some(waited), trips }
}

/// How many of some stretches of time last at an instant.
pub(super) struct Present {
    starts: Vec<u64>,
    ends: Vec<u64>,
}

impl Present {
    /// Of stretches from a start to an end; one that takes no time lasts for a nanosecond.
    pub fn of(stretches: impl Iterator<Item = (u64, u64)>) -> Self {
        let lasting = stretches.map(|(start, end)| (start, end.max(start.saturating_add(1))));
        let (mut starts, mut ends): (Vec<u64>, Vec<u64>) = lasting.unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        Self { starts, ends }
    }

    /// What ends at the instant is over.
    fn at(&self, time: u64) -> usize {
        self.starts.partition_point(|&start| start <= time) - self.ends.partition_point(|&end| end <= time)
    }

    /// The greatest number at once.
    pub fn most(&self) -> usize {
        self.starts.iter().map(|&start| self.at(start)).max().unwrap_or(0)
    }
}

/// The start and the end of the server's span by the clock of the client, whose span it lies in: clocks of machines differ by
/// more than a round trip takes, so a span that does not lie there is moved.
fn shift(call: &Call) -> (u64, u64) {
    let (start, end) = call.served;
    let length = end.saturating_sub(start).min(call.end.saturating_sub(call.start));
    if start >= call.start && end <= call.end {
        (start, end)
    } else {
        let start = call.end - length;
        (start, call.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(start: u64, served: (u64, u64)) -> Call {
        Call { from: 0, process: "a".into(), to: 1, start, end: served.1, served }
    }

    /// Bursts of six calls, 4 ms apart, over two connections: a millisecond to the server, and 10 ms there.
    #[test]
    fn calls_that_wait_for_one_of_two_connections_show_the_pool() {
        let ms = 1_000_000;
        let mut calls = Vec::new();
        for burst in 0..50 {
            let mut free = [0; 2];
            for number in 0..6 {
                let start = burst * 200 * ms + number * 4 * ms;
                let connection = usize::from(free[1] < free[0]);
                let sent = start.max(free[connection]);
                free[connection] = sent + 11 * ms;
                calls.push(call(start, (sent + ms, sent + 11 * ms)));
            }
        }
        let guess = guess(&calls.iter().collect::<Vec<_>>());
        assert_eq!(guess.most, 2);
        assert!(guess.waited.is_some_and(|waited| waited >= 100), "{guess:?}");
        assert!(guess.trips.len() >= 100 && guess.trips.iter().all(|trip| *trip == 0.001), "{guess:?}");
    }

    #[test]
    fn calls_without_a_limit_show_none() {
        let calls: Vec<Call> = (0..100).map(|n| call(n * 50, (n * 50 + 1, n * 50 + 2 + (n * 73) % 400))).collect();
        let guess = guess(&calls.iter().collect::<Vec<_>>());
        assert!(guess.most > 2 && guess.waited.is_none(), "{guess:?}");
        assert_eq!(guess.trips.len(), 100);
    }

    /// The server's clock is an hour late.
    #[test]
    fn clocks_need_not_agree() {
        let late = 3_600_000_000_000;
        let call = Call { start: late, end: late + 30, ..call(0, (5, 25)) };
        assert_eq!(shift(&call), (late + 10, late + 30));
        assert_eq!(guess(&[&call]).trips, [1e-8]);
    }
}
