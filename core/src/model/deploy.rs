//! Deploys as meant: replicas are replaced by new ones while the service is in use.

use crate::kernel::Time;

/// A deploy of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct DeployPlan {
    /// Its name.
    pub name: String,
    /// When it begins, since the start of the run.
    pub at: Time,
    /// In which order replicas are replaced.
    pub strategy: DeployStrategy,
    /// The number of replicas on the drained node; none: all are replaced.
    pub replicas: Option<u32>,
    /// Time from the decision to start a new replica until its processes run.
    pub start: Time,
    /// How long a new replica must have been ready to count as available.
    pub min_ready: Time,
    /// How the old replicas end.
    pub ending: Ending,
}

impl DeployPlan {
    /// The name of the deploy in reports.
    pub fn title(&self) -> String {
        format!("deploy {}", self.name)
    }
}

/// In which order replicas are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployStrategy {
    /// New ones start and old ones are removed within two bounds.
    Rolling {
        /// Replicas beyond the wanted number at most; a percentage is rounded up.
        surge: Pods,
        /// Replicas of the wanted number that may be unavailable; a percentage is rounded down.
        unavailable: Pods,
    },
    /// All old ones are removed; new ones start when the last old one has ended.
    Recreate,
    /// Old ones are removed as far as this number may be unavailable, and each is replaced at once; a percentage is rounded up.
    Drain {
        /// Replicas of the wanted number that may be unavailable.
        unavailable: Pods,
    },
}

impl DeployStrategy {
    /// How many replicas may exist beyond this number, and how many of it may be unavailable. If rounding leaves neither, one
    /// may be unavailable (Kubernetes, `ResolveFenceposts`).
    pub fn bounds(self, desired: u32) -> (u32, u32) {
        match self {
            Self::Rolling { surge, unavailable } => {
                match (surge.rounded_up(desired), unavailable.rounded_down(desired)) {
                    (0, 0) => (0, 1),
                    bounds => bounds,
                }
            }
            Self::Recreate => (0, desired),
            Self::Drain { unavailable } => (0, unavailable.rounded_up(desired)),
        }
    }
}

/// A number of replicas, or a percentage of the wanted number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods {
    /// A number.
    Count(u32),
    /// A percentage.
    Percent(u32),
}

impl Pods {
    fn rounded_up(self, desired: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => part(percent, desired, 99),
        }
    }

    fn rounded_down(self, desired: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => part(percent, desired, 0),
        }
    }
}

fn part(percent: u32, desired: u32, more: u64) -> u32 {
    u32::try_from((u64::from(percent) * u64::from(desired) + more) / 100).unwrap_or(u32::MAX)
}

/// How a replica ends. Times count from the decision to remove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When the balancers have learned of it and send it nothing new.
    pub unlisted: Time,
    /// When its processes get SIGTERM.
    pub sigterm: Time,
    /// When they are killed, if they still run.
    pub kill: Time,
    /// What they do at SIGTERM.
    pub at_sigterm: AtSigterm,
}

impl Ending {
    /// It takes nothing new from the decision on, and has this time to finish what it has begun.
    pub const fn within(grace: Time) -> Self {
        Self { unlisted: Time::ZERO, sigterm: Time::ZERO, kill: grace, at_sigterm: AtSigterm::Drain }
    }

    /// Whether a replica with nothing to do ends at once.
    pub fn is_at_once(self) -> bool {
        (self.unlisted, self.sigterm) == (Time::ZERO, Time::ZERO) && self.at_sigterm != AtSigterm::Ignore
    }
}

/// What the processes of a replica do at SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtSigterm {
    /// They take no new connections, close idle ones, finish what they have begun, and end.
    Drain,
    /// They end at once.
    Exit,
    /// Nothing.
    Ignore,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolling(surge: u32, unavailable: u32, desired: u32) -> (u32, u32) {
        let strategy = DeployStrategy::Rolling { surge: Pods::Percent(surge), unavailable: Pods::Percent(unavailable) };
        strategy.bounds(desired)
    }

    /// The examples of Kubernetes' `ResolveFenceposts` (`pkg/controller/deployment/util/deployment_util.go`), and the defaults.
    #[test]
    fn percentages_are_rounded_as_in_kubernetes() {
        assert_eq!(rolling(0, 1, 2), (0, 1));
        assert_eq!(rolling(0, 1, 1), (0, 1));
        assert_eq!(rolling(1, 25, 2), (1, 0));
        assert_eq!(rolling(1, 0, 1), (1, 0));
        assert_eq!([1, 2, 4, 10].map(|desired| rolling(25, 25, desired)), [(1, 0), (1, 0), (1, 1), (3, 2)]);
        assert_eq!(DeployStrategy::Drain { unavailable: Pods::Percent(25) }.bounds(10), (0, 3));
    }
}
