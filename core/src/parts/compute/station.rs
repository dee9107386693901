//! Stations of a queueing network: FCFS with `c` servers and room for `K`, processor sharing, or delay.

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;
use crate::model::{Order, Patience, Shedding, StationPlan, System};

use crate::engine::population::QueueStatistics;
use crate::engine::queue::Queue;
use crate::engine::token::{SAMPLED, State};
use crate::engine::{Engine, slot};
use crate::parts::compute::cpu::Cpu;
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// What becomes of a token that comes to a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The station is full.
    TurnedAway,
    /// Its service is to begin.
    Begins,
    /// It waits.
    Waits,
    /// It is to line up.
    Lines,
}

/// A station's state.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    /// Its number in the system.
    index: u32,
    /// `u32::MAX` for infinitely many.
    servers: u32,
    capacity: u32,
    slowdown: f64,
    /// Whether those inside slow each other down beyond sharing a server.
    pub slows_down: bool,
    /// Of a processor-sharing station.
    pub sharing: Option<Cpu>,
    busy: TimeWeighted,
    queue: Queue,
    pub patience: Option<Patience>,
    /// Which of those who wait are dropped under overload.
    pub shedding: Option<Shedding>,
    /// Waiting and served.
    inside: QueueStatistics,
    turned_away: u64,
    /// Work begun since the last reset, in nanoseconds.
    begun: u128,
    /// Sum of the times at which the services under way end.
    due: u128,
    /// Work that services under way still had to do at the last reset.
    carried: u128,
    /// A service was broken off, so that less was worked than begun.
    broken_off: bool,
}

impl Station {
    pub fn new(plan: &StationPlan, index: u32) -> Self {
        let servers = plan.servers.unwrap_or(u32::MAX);
        Self {
            index,
            servers,
            capacity: plan.capacity.unwrap_or(u32::MAX),
            slowdown: plan.slowdown,
            slows_down: plan.slowdown > 0.0 && !plan.sharing,
            sharing: plan.sharing.then(|| {
                let cores = plan.servers.map_or(f64::INFINITY, f64::from);
                Cpu::new(cores, plan.slowdown, slot::STATION + index)
            }),
            busy: TimeWeighted::default(),
            queue: Queue::new(plan.waiting.order, plan.waiting.patience.is_some() || plan.waiting.shedding.is_some()),
            patience: plan.waiting.patience,
            shedding: plan.waiting.shedding,
            inside: QueueStatistics::default(),
            turned_away: 0,
            begun: 0,
            due: 0,
            carried: 0,
            broken_off: false,
        }
    }

    /// Tokens that wait for a server; none where there is room for any number.
    pub fn bounded(&self) -> Option<TimeWeighted> {
        (self.capacity < u32::MAX).then_some(self.queue.population.gauge)
    }

    /// Work that services under way still have to do.
    fn remaining(&self, now: Time) -> u128 {
        self.due - u128::from(self.busy.level()) * u128::from(now.0)
    }

    /// Both sides of the utilisation law if they differ: the time that servers were busy, and the service that was
    /// given.
    pub fn broken_law(&self, now: Time) -> Option<(u128, u128)> {
        let sides = (self.busy.area(now), self.begun + self.carried - self.remaining(now));
        (sides.0 != sides.1 && !self.broken_off).then_some(sides)
    }

    /// Since when requests have waited without a break.
    pub fn busy_since(&self) -> Time {
        self.queue.busy_since
    }

    /// A token that waits is dropped.
    pub fn drop_one(&mut self) {
        self.turned_away += 1;
    }

    /// Whether it has to know the service of those that wait.
    pub fn sorts(&self) -> bool {
        self.queue.order() == Order::Shortest
    }

    /// A token joins the queue; its service will take `work`, if the order asks for that.
    pub fn line_up(&mut self, engine: &mut Engine, t: u32, work: Time) {
        self.queue.push(engine, t, work);
    }

    /// A token comes.
    #[inline(always)]
    pub fn arrive(&mut self, engine: &mut Engine, t: u32) -> Arrival {
        let now = engine.now;
        if self.inside.gauge.level() >= self.capacity {
            self.turned_away += 1;
            return Arrival::TurnedAway;
        }
        self.inside.enter(now);
        let token = &mut engine.tokens[t];
        token.wait = self.index;
        token.since = now;
        if self.sharing.is_some() {
            return Arrival::Begins;
        }
        if self.busy.level() < self.servers {
            self.busy.up(now);
            return Arrival::Begins;
        }
        token.state = State::AtStation;
        if !self.queue.is_plain() {
            return Arrival::Lines;
        }
        self.queue.push(engine, t, Time::ZERO);
        Arrival::Waits
    }

    /// A token's service begins; its server is counted as busy already. Whether accounts, if there are any, note that: of
    /// the tokens that have one, and of all where the station slows down, because the state of a token does not tell by
    /// how much.
    #[inline(always)]
    pub fn begin(&mut self, engine: &mut Engine, t: u32, work: Time) -> bool {
        let now = engine.now;
        let token = &mut engine.tokens[t];
        token.state = State::Served;
        let is_sampled = token.has(SAMPLED);
        if let Some(cpu) = &mut self.sharing {
            cpu.start(&mut engine.calendar, now, t, work);
            return is_sampled;
        }
        let stretched = self.stretched(work);
        self.begun += u128::from(stretched.0);
        self.due += u128::from((now + stretched).0);
        token.event = engine.calendar.schedule(now + stretched, t);
        is_sampled || self.slows_down
    }

    /// A token's service is over. The next in line: its service is to begin, and the server stays busy.
    #[inline(always)]
    pub fn finish(&mut self, engine: &mut Engine, t: u32) -> Option<u32> {
        let now = engine.now;
        self.inside.leave(now, engine.tokens[t].since);
        if self.sharing.is_some() {
            return None;
        }
        self.due -= u128::from(now.0);
        let next = self.queue.pop(engine, self.servers);
        if next.is_none() {
            self.busy.down(now);
        }
        next
    }

    fn stretched(&self, work: Time) -> Time {
        if !self.slows_down {
            return work;
        }
        Time((work.0 as f64 * (1.0 + self.slowdown * f64::from(self.inside.gauge.level()))) as u64)
    }
}

impl Part for Station {
    fn reset(&mut self, now: Time) {
        if let Some(cpu) = &mut self.sharing {
            cpu.reset(now);
        }
        self.busy.reset(now);
        self.queue.population.reset(now);
        self.inside.reset(now);
        (self.turned_away, self.begun, self.carried, self.broken_off) = (0, 0, self.remaining(now), false);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let plan = &system.stations[self.index as usize];
        let servers = plan.servers.map(f64::from);
        let sum = rows.of_system(ResourceKind::Station, self.index, || format!("station {}", plan.name));
        match &self.sharing {
            Some(cpu) => cpu.add_to(sum, now, servers),
            None => {
                sum.gauge(&self.busy, now, servers);
                sum.waiting(&self.queue.population, now);
            }
        }
        sum.use_.visits = self.inside.left + u64::from(self.inside.gauge.level());
        sum.use_.refused = self.turned_away;
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        let name = &system.stations[self.index as usize].name;
        self.inside.check(now, broken, || format!("station {name}"));
        self.queue.population.check(now, broken, || format!("the queue of station {name}"));
        if let Some((busy, given)) = self.broken_law(now) {
            broken.push(format!("utilisation law at station {name}: busy for {busy} ns, {given} ns given"));
        }
        if let Some((used, done)) = self.sharing.as_mut().and_then(|cpu| cpu.broken_law(now)) {
            broken.push(format!("utilisation law at station {name}: {used} ns used, {done} ns done"));
        }
    }

    fn keeps(state: State) -> bool {
        matches!(state, State::AtStation | State::Served)
    }

    /// Unserved, or with its service broken off. The next in line is served where that makes room for it.
    fn leave(&mut self, _: &System, engine: &mut Engine, t: u32) -> Left {
        if engine.tokens[t].state == State::AtStation {
            self.queue.remove(engine, t);
            self.inside.leave(engine.now, engine.tokens[t].since);
            return Left::Alone;
        }
        match &mut self.sharing {
            Some(cpu) => {
                cpu.cancel(&mut engine.calendar, engine.now, t);
            }
            None => {
                engine.forget_event(t);
                self.broken_off = true;
            }
        }
        self.finish(engine, t).map_or(Left::Alone, Left::Next)
    }

    fn is_at_rest(&self) -> bool {
        self.inside.gauge.level() == 0
    }
}
