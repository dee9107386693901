//! Random trials: every figure of one is drawn.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::experiment::analyse::strain::{Strain, StrainUse};
use crate::experiment::analyse::trial::{ClassTrial, History, LateScaling, LevelHistory, Series, Trial};
use crate::kernel::Time;
use crate::model::Prices;
use crate::parts::{
    Blame, BlameGroup, BlamePlace, CallCount, Course, CourseMark, Deadlock, Ending, FailedAt, Holding, Loss, LostWork,
    Mark, MarkKind, Marks, Overdue, Pace, PlaceKind, Reaction, ReactionKind, ResourceKind, ResourceUse, ServiceOutcome,
    Slice, Spent, Timeline, Times, Units, Users,
};
use crate::statistics::histogram::{Histogram, Packed};

/// Any number but NaN: the bits of that are not kept everywhere.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<u64>().prop_map(f64::from_bits).prop_filter("a number", |number| !number.is_nan()),
        1 => prop::sample::select(&[0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324, 0.1 + 0.2][..]),
    ]
}

fn packed() -> impl Strategy<Value = Packed> {
    (vec(any::<u64>(), 0..8), 0u32..64).prop_map(|(values, shift)| {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(value >> shift));
        histogram.pack()
    })
}

/// What the numbers of a trial are taken from, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    numbers: Vec<f64>,
    counts: Vec<u64>,
    texts: Vec<String>,
    flags: Vec<bool>,
    packed: Vec<Packed>,
    next: usize,
}

impl Draws {
    fn next(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn number(&mut self) -> f64 {
        let next = self.next();
        self.numbers[next % self.numbers.len()]
    }

    fn maybe(&mut self) -> Option<f64> {
        let number = self.number();
        self.flag().then_some(number)
    }

    pub(super) fn count(&mut self) -> u64 {
        let next = self.next();
        self.counts[next % self.counts.len()]
    }

    pub(super) fn text(&mut self) -> String {
        let next = self.next();
        self.texts[next % self.texts.len()].clone()
    }

    fn flag(&mut self) -> bool {
        let next = self.next();
        self.flags[next % self.flags.len()]
    }

    fn packed(&mut self) -> Packed {
        let next = self.next();
        self.packed[next % self.packed.len()].clone()
    }

    fn class(&mut self) -> ClassTrial {
        ClassTrial {
            name: self.text(),
            sent: self.count(),
            first_tries: self.count(),
            succeeded: self.count(),
            failed: self.count(),
            throughput_per_min: self.maybe(),
            mean_s: self.maybe(),
            p50_s: self.maybe(),
            p90_s: self.maybe(),
            p95_s: self.maybe(),
            p99_s: self.maybe(),
            p999_s: self.maybe(),
            response_times: self.packed(),
        }
    }

    fn series(&mut self) -> Series {
        Series(self.few(Self::count))
    }

    fn history(&mut self) -> History {
        let kinds = [MarkKind::Restart, MarkKind::Up, MarkKind::HalfOpen];
        History {
            times: [self.series(), self.series(), self.series()],
            failures: self.few(|draws| (draws.text(), draws.series())),
            levels: self.few(|draws| LevelHistory {
                name: draws.text(),
                kind: ResourceKind::Cpu,
                in_use: draws.series(),
                capacity: draws.flag().then(|| draws.series()),
                queue: draws.series(),
            }),
            marks: Marks {
                kept: self.few(|draws| Mark {
                    at: Time(draws.count()),
                    what: kinds[draws.count() as usize % kinds.len()],
                    place: draws.text(),
                }),
                more: self.count(),
            },
        }
    }

    fn resource(&mut self) -> ResourceUse {
        let kinds = [ResourceKind::Cpu, ResourceKind::Connections, ResourceKind::Cache, ResourceKind::Throttling];
        ResourceUse {
            name: self.text(),
            kind: kinds[self.count() as usize % kinds.len()],
            capacity: self.maybe(),
            in_use: self.number(),
            utilisation: self.number(),
            peak_utilisation: self.number(),
            visits: self.count(),
            refused: self.count(),
            opened: self.count().is_multiple_of(2).then(|| self.count()),
            queue: self.number(),
            longest_queue: self.count() as u32,
            wait_s: self.number(),
            waited: self.count().is_multiple_of(2).then(|| self.count()),
            hit_ratio: self.maybe(),
        }
    }

    fn loss(&mut self) -> Loss {
        Loss { resource: self.text(), lost: self.count() as u32, of: self.flag().then(|| self.count() as u32) }
    }

    fn calls(&mut self) -> CallCount {
        CallCount { calls: self.count(), peak_per_s: self.number() }
    }

    fn spent(&mut self) -> Spent {
        Spent { place: self.count() as u16 >> 1, served: self.flag(), ns: u128::from(self.count()) << 9 }
    }

    fn place(&mut self) -> BlamePlace {
        let kinds = [PlaceKind::Cpu, PlaceKind::BackOff, PlaceKind::HttpClient, PlaceKind::OwnError];
        let patience = |draws: &mut Self| draws.flag().then(|| Time(draws.count()));
        BlamePlace {
            name: self.text(),
            kind: kinds[self.count() as usize % kinds.len()],
            units: self.flag().then(|| Units {
                number: self.count() as u32,
                grows: self.flag(),
                patience: patience(self),
            }),
        }
    }

    fn blame(&mut self) -> Blame {
        Blame {
            places: self.few(Self::place),
            groups: self.few(|draws| Times {
                group: BlameGroup::ALL[draws.count() as usize % BlameGroup::ALL.len()],
                requests: draws.number(),
                spent: draws.few(Self::spent),
            }),
            failures: self.few(|draws| FailedAt {
                cause: draws.text(),
                place: draws.count() as u16,
                requests: draws.count(),
            }),
            holders: self.few(|draws| Holding { held: draws.count() as u16, spent: draws.spent() }),
            failing: self.few(|draws| Holding { held: draws.count() as u16, spent: draws.spent() }),
        }
    }

    fn slice(&mut self) -> Slice {
        Slice {
            sent: self.count() as u32,
            first_tries: self.count() as u32,
            succeeded: self.count() as u32,
            failed: self.count() as u32,
            given_up: self.count() as u32,
            response_s: self.number(),
        }
    }

    fn pace(&mut self) -> Pace {
        let all = [Pace::Steady, Pace::Random, Pace::Changing, Pace::Clients];
        all[self.count() as usize % all.len()]
    }

    fn mark(&mut self) -> CourseMark {
        CourseMark {
            in_flight: self.count(),
            inside: self.count(),
            sent: self.count(),
            bounded: self.count(),
            bounded_messages: self.count(),
            succeeded: self.count(),
            ended: self.count(),
            response_ns: self.count().into(),
        }
    }

    fn few<T>(&mut self, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.count() % 3).map(|_| draw(self)).collect()
    }

    fn strain_use(&mut self) -> StrainUse {
        StrainUse { in_use: self.number(), capacity: self.number() }
    }

    pub(super) fn trial(&mut self, point: u32, replication: u32) -> Trial {
        let endings = [Ending::Complete, Ending::Quiet, Ending::EndOfClock, Ending::Standstill];
        Trial {
            point: point as usize,
            replication: replication.into(),
            ending: endings[self.count() as usize % endings.len()],
            throughput_per_min: self.maybe(),
            success_rate: self.number(),
            succeeded: self.count(),
            ended: self.count(),
            overdue: self.flag().then(|| Overdue {
                clients: self.count(),
                waiting: self.count(),
                uncounted: self.count(),
                waited_s: self.number(),
                clients_s: self.number(),
            }),
            sent: self.count(),
            users: self.flag().then(|| Users {
                first_tries: self.count(),
                succeeded: self.count(),
                succeeded_at_once: self.count(),
                lost: self.count(),
                backing_off: self.count(),
                still_trying: self.count(),
            }),
            attempts_per_request: self.number(),
            is_disturbed: self.flag().then(|| self.flag()),
            calm_from: self.flag().then(|| self.count() as usize),
            faults_at_end: self.few(Self::text),
            halted_at_end: self.few(|draws| (draws.text(), draws.text())),
            recovery_s: self.maybe(),
            classes: self.few(Self::class),
            course: self.flag().then(|| Course {
                pace: self.pace(),
                length: Time(self.count()),
                marks: self.few(Self::mark),
            }),
            timeline: self.flag().then(|| Timeline {
                length: Time(self.count()),
                slices: self.few(Self::slice),
                end: Time(self.count()),
                recording: None,
            }),
            history: self.flag().then(|| self.history()),
            mean_s: self.maybe(),
            p50_s: self.maybe(),
            p90_s: self.maybe(),
            p95_s: self.maybe(),
            p99_s: self.maybe(),
            p999_s: self.maybe(),
            response_times: self.packed(),
            wasted_requests: self.count(),
            outlasts: self.flag(),
            completion_mean_s: self.maybe(),
            completion_p50_s: self.maybe(),
            completion_p90_s: self.maybe(),
            completion_p95_s: self.maybe(),
            completion_p99_s: self.maybe(),
            completion_p999_s: self.maybe(),
            completed_per_min: self.maybe(),
            work: self.flag().then(|| (self.count(), self.count())),
            lost_work: self.few(|draws| LostWork {
                name: draws.text(),
                cause: draws.text(),
                count: draws.count(),
                at: draws.few(|draws| (draws.place(), draws.count())),
            }),
            dead_letters: self.count(),
            overdue_deliveries: self.count(),
            instant_resends: self.count(),
            restarts: self.count(),
            services: self.few(|draws| ServiceOutcome {
                name: draws.text(),
                replicas: draws.count() as u32,
                calls: draws.flag().then(|| draws.calls()),
            }),
            prices: self
                .flag()
                .then(|| Prices { replicas: self.few(|draws| draws.count() as f64), machines: self.count() as f64 }),
            calls: self.flag().then(|| self.calls()),
            reactions: self.few(|draws| Reaction {
                kind: ReactionKind::Hedge,
                place: draws.text(),
                occasions: draws.count(),
                count: draws.count(),
                reaches: draws.few(Self::text),
            }),
            late_scaling: self.flag().then(|| LateScaling {
                service: self.text(),
                missed_from_s: self.number(),
                missed_to_s: self.number(),
                decided_s: self.number(),
                first_ready_s: self.number(),
                last_ready_s: self.number(),
                replicas: [self.count() as u32, self.count() as u32],
            }),
            staleness_mean_s: self.maybe(),
            staleness_p95_s: self.maybe(),
            cache_hit_ratio: self.maybe(),
            saturated: self.flag().then(|| self.text()),
            stuck: self.flag(),
            dead: self.flag().then(|| (self.count() as u32, self.count() as u32)),
            losses: self.few(Self::loss),
            hung: self.count(),
            deadlock: self.flag().then(|| Deadlock {
                at: Time(self.count()),
                resource: self.text(),
                circle: self.few(Self::text),
                instances: self.count() as u32,
            }),
            resources: self.few(Self::resource),
            strain: Strain { is_missed: self.flag(), uses: self.few(Self::strain_use) },
            blame: self.flag().then(|| self.blame()),
            failures: self.few(|draws| (draws.text(), draws.count())),
            window_s: self.number(),
            events: self.count(),
            violations: self.few(Self::text),
        }
    }
}

/// The draws of some trials.
pub(super) fn draws() -> impl Strategy<Value = Draws> {
    let text = prop_oneof![any::<String>(), ".{0,9}", Just("\n".to_owned()), Just("\u{2028}\"\\\r\0".to_owned())];
    // Lengths without a common divisor, so that no figure always has the draw of another.
    (vec(number(), 31), vec(any::<u64>(), 29), vec(text, 7), vec(any::<bool>(), 23), vec(packed(), 3))
        .prop_map(|(numbers, counts, texts, flags, packed)| Draws { numbers, counts, texts, flags, packed, next: 0 })
}
