//! Open arrivals at a rate that changes, exactly: a Poisson process of rate one is stretched by the inverse of the
//! integrated rate (Çinlar 1975, *Introduction to Stochastic Processes*, ch. 4.7). One draw an arrival, so that
//! variants with another rate meet the same users in the same order; thinning (Lewis and Shedler 1979) would draw as
//! often as it refuses.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::Time;
use crate::kernel::logarithm::ln;
use crate::kernel::random::{Stream, mix, unit, unit_open};
use crate::model::{Arrivals, Bursts, Flow, Pattern, Piece, RateCourse, Wave};
use crate::parts::course::Pace;
use crate::parts::{Limits, Outcome};

use super::measuring::Measuring;
use super::which;

/// Arrivals one after the other.
struct Along {
    course: RateCourse,
    /// The piece under way.
    index: usize,
    /// Where in it we are, in seconds from the start of the run.
    now: f64,
}

enum ProfileState {
    Course(Along),
    Bursts {
        bursts: Bursts,
        /// Times and first state.
        switches: Stream,
        is_on: bool,
        now: f64,
        /// When the present state ends.
        until: f64,
    },
}

/// Switches of a bursty load between two looks at the limits of the run.
const SWITCHES: u32 = 1 << 10;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coming {
    /// An arrival.
    Arrival(Time),
    /// Not before this; ask again.
    Later(Time),
    /// Nothing.
    Never,
}

/// The times of arrivals.
pub struct Times {
    state: ProfileState,
    gaps: Stream,
    arrivals: Arrivals,
    /// What is left of the integrated rate up to the arrival that is sought.
    left: Option<f64>,
}

impl Times {
    /// The arrivals of a replication.
    pub fn new(flow: &Flow, arrivals: Arrivals, seed: u64, replication: u64) -> Self {
        let state = match flow {
            Flow::Course(course) => ProfileState::Course(Along { course: course.clone(), index: 0, now: 0.0 }),
            Flow::Bursts(bursts) => {
                let mut switches = Stream::named(seed, replication, "bursts", 0);
                let is_on = unit(switches.next_bits()) * (bursts.on + bursts.off) < bursts.on;
                let until = stay(bursts, is_on, &mut switches);
                ProfileState::Bursts { bursts: *bursts, switches, is_on, now: 0.0, until }
            }
        };
        Self { state, gaps: Stream::named(seed, replication, "arrivals", 0), arrivals, left: None }
    }

    /// The next arrival, from the start of the run; none where there are no further arrivals.
    pub fn next_time(&mut self) -> Option<Time> {
        loop {
            match self.coming() {
                Coming::Arrival(at) => return Some(at),
                Coming::Later(_) => {}
                Coming::Never => return None,
            }
        }
    }

    /// The next arrival, or how far it has been sought.
    fn coming(&mut self) -> Coming {
        let step = self.left.take().unwrap_or_else(|| {
            let bits = self.gaps.next_bits();
            match self.arrivals {
                Arrivals::Poisson => -ln(unit_open(mix(bits))),
                Arrivals::Constant => 1.0,
            }
        });
        let at = match &mut self.state {
            ProfileState::Course(course) => match course.advance(step) {
                Some(at) => at,
                None => return Coming::Never,
            },
            ProfileState::Bursts { bursts, switches, is_on, now, until } => {
                let (mut left, mut switched) = (step, 0);
                loop {
                    if switched == SWITCHES {
                        self.left = Some(left);
                        return Coming::Later(Time::from_seconds(*now));
                    }
                    switched += 1;
                    let rate = if *is_on { bursts.on_rate } else { bursts.off_rate };
                    let here = rate * (*until - *now);
                    if here > left {
                        *now += left / rate;
                        break *now;
                    }
                    left -= here;
                    *now = *until;
                    *is_on = !*is_on;
                    *until += stay(bursts, *is_on, switches);
                }
            }
        };
        Coming::Arrival(Time::from_seconds(at))
    }
}

fn stay(bursts: &Bursts, is_on: bool, switches: &mut Stream) -> f64 {
    -ln(unit_open(switches.next_bits())) * if is_on { bursts.on } else { bursts.off }
}

impl Along {
    /// Goes on until this much of the integrated rate is behind.
    fn advance(&mut self, mut left: f64) -> Option<f64> {
        loop {
            let piece = self.course.pieces[self.index];
            let wave = self.course.wave.filter(|_| piece.waves);
            let end = self.course.pieces.get(self.index + 1).map(|next| next.from);
            if let Some(end) = end {
                let here = integral(&piece, wave, self.now, end);
                if here < left {
                    left -= here;
                    self.now = end;
                    self.index += 1;
                    continue;
                }
            } else if piece.rate <= 0.0 {
                return None;
            }
            self.now = invert(&piece, wave, self.now, end, left);
            return Some(self.now);
        }
    }
}

/// The expected number of arrivals of a piece between two times.
fn integral(piece: &Piece, wave: Option<Wave>, from: f64, to: f64) -> f64 {
    let (a, b) = (from - piece.from, to - piece.from);
    let line = (piece.rate + piece.slope * (a + b) / 2.0) * (b - a);
    let Some(Wave { amplitude, omega }) = wave else { return line };
    // The antiderivative of (rate + slope (t - from)) sin(omega t).
    let swing = |t: f64| {
        let rate = piece.rate + piece.slope * (t - piece.from);
        -rate * libm::cos(omega * t) / omega + piece.slope * libm::sin(omega * t) / (omega * omega)
    };
    line + amplitude * (swing(to) - swing(from))
}

/// The time at which so much of a piece's integrated rate is behind, from `now` on.
fn invert(piece: &Piece, wave: Option<Wave>, now: f64, end: Option<f64>, left: f64) -> f64 {
    let rate = piece.rate + piece.slope * (now - piece.from);
    let Some(wave) = wave else {
        // rate x + slope x^2 / 2 = left, in the form that loses no digits.
        let root = (rate * rate + 2.0 * piece.slope * left).max(0.0).sqrt();
        let step = 2.0 * left / (rate + root);
        let at = now + step;
        return if at.is_nan() { end.unwrap_or(now) } else { end.map_or(at, |end| at.min(end)) };
    };
    // The last piece is level; a whole period brings its mean rate.
    let period = std::f64::consts::TAU / wave.omega;
    let (mut low, mut high) = (now, end.unwrap_or_else(|| now + (left / piece.rate / period).ceil() * period + period));
    let mut at = low + (left / rate.max(1e-300)).min(high - low);
    for _ in 0..200 {
        let over = integral(piece, Some(wave), now, at) - left;
        if over > 0.0 {
            high = at
        } else {
            low = at
        }
        let here = (piece.rate + piece.slope * (at - piece.from)) * (1.0 + wave.amplitude * libm::sin(wave.omega * at));
        let newton = at - over / here;
        let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        if (next - at).abs() < 1e-10 || high - low < 1e-10 {
            return next;
        }
        at = next;
    }
    at
}

struct Varying {
    times: Times,
    measuring: Measuring,
}

impl Varying {
    fn schedule(&mut self, world: &mut World) {
        let now = world.now();
        match self.times.coming() {
            Coming::Arrival(at) => world.schedule(at.since(now), which::ARRIVAL),
            Coming::Later(at) => world.schedule(at.since(now), which::SEEK),
            Coming::Never => {}
        }
    }
}

impl Source for Varying {
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::ARRIVAL => {
                self.schedule(world);
                world.send(0);
            }
            which::SEEK => self.schedule(world),
            _ => self.measuring.event(world, event),
        }
    }

    fn ended(&mut self, _: &mut World, _: Ended) {}
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Varying { flow, arrivals, warm_up, duration } = pattern else {
        unreachable!("called for open loads with a changing rate only");
    };
    let pace = match flow {
        Flow::Bursts(_) => Pace::Random,
        Flow::Course(course) if course.is_constant() => Pace::Steady,
        Flow::Course(_) => Pace::Changing,
    };
    let times = Times::new(flow, *arrivals, seed, replication);
    let mut varying = Varying { times, measuring: Measuring::after(world, pace, *warm_up, *duration) };
    varying.schedule(world);
    let ending = world.run(&mut varying, limits);
    varying.measuring.finish(world, ending, limits)
}
