//! A load in which each class has a source of its own: a number of clients, or arrivals at a rate. So a closed load has
//! populations of several classes, and closed and open loads meet in one system (mixed networks: Baskett, Chandy, Muntz &
//! Palacios 1975). Measured in a window.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};
use crate::model::{ClassSource, Load, Pattern};
use crate::parts::course::Pace;
use crate::parts::{Ending, Limits, Outcome};

use super::arrivals::gap_of;
use super::measuring::Measuring;
use super::thoughts::Thoughts;
use super::which;

/// The source of one class. Its first client has the number `first`; arrivals count as one client.
struct Sender {
    first: u32,
    kind: Kind,
}

enum Kind {
    Clients(Thoughts),
    Arrivals { gaps: Stream, gap: Variate },
}

struct Mixed {
    /// One for each class, in their order.
    senders: Vec<Sender>,
    measuring: Measuring,
}

impl Mixed {
    /// The index of the class that this client sends.
    #[inline]
    fn class_of(&self, client: u32) -> usize {
        self.senders.partition_point(|sender| sender.first <= client) - 1
    }

    fn send(&mut self, world: &mut World, client: u32) {
        let class = self.class_of(client);
        if let Kind::Arrivals { gaps, gap } = &mut self.senders[class].kind {
            world.schedule(gap.draw(gaps.next_bits()), which::CLIENT + client);
        }
        world.send_class(client, class as u32);
    }
}

impl Source for Mixed {
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::OPEN_WINDOW | which::CLOSE_WINDOW | which::MARK => self.measuring.event(world, event),
            client => self.send(world, client - which::CLIENT),
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        let class = self.class_of(ended.client);
        let Kind::Clients(thoughts) = &mut self.senders[class].kind else { return };
        match thoughts.after(world, ended) {
            Some(pause) => world.schedule(pause, which::CLIENT + ended.client),
            None => world.send_class(ended.client, class as u32),
        }
    }
}

/// The number of clients of all classes, without arrivals.
fn clients(sources: &[ClassSource]) -> u32 {
    sources.iter().filter_map(ClassSource::clients).sum()
}

pub(super) fn run(world: &mut World, load: &Load, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Mixed { sources, warm_up, duration } = &load.pattern else {
        unreachable!("called for mixed loads only");
    };
    let mut senders = Vec::with_capacity(sources.len());
    let mut first = 0;
    for (source, class) in sources.iter().zip(&load.classes) {
        // A class keeps its draws where others come or go.
        let stream = |what: &str| Stream::named(seed, replication, &format!("{what} of {}", class.name), 0);
        let kind = match source {
            ClassSource::Clients { think, .. } => Kind::Clients(Thoughts::of(think.as_ref(), stream("think"))),
            ClassSource::Arrivals { gap, arrivals } => {
                Kind::Arrivals { gaps: stream("arrivals"), gap: gap_of(*gap, *arrivals) }
            }
        };
        senders.push(Sender { first, kind });
        first += source.clients().unwrap_or(1);
    }
    let mut mixed = Mixed { senders, measuring: Measuring::after(world, Pace::Steady, *warm_up, *duration) };
    for (sender, source) in mixed.senders.iter_mut().zip(sources) {
        let clients = sender.first..sender.first + source.clients().unwrap_or(0);
        match &mut sender.kind {
            Kind::Clients(_) => clients.for_each(|client| world.schedule(Time::ZERO, which::CLIENT + client)),
            Kind::Arrivals { gaps, gap } => world.schedule(gap.draw(gaps.next_bits()), which::CLIENT + sender.first),
        }
    }
    let ending = world.run(&mut mixed, limits);
    let count = clients(sources);
    let overdue = (ending == Ending::Complete && count > 0).then(|| {
        let is_client = |client: u32| matches!(mixed.senders[mixed.class_of(client)].kind, Kind::Clients(_));
        world.overdue_of(count, is_client)
    });
    Outcome { overdue, ..mixed.measuring.finish(world, ending, limits) }
}
