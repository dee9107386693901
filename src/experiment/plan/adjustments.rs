//! What is changed of a file before it is run.

/// What is changed of a file before it is run, as `--set`, `--seed` and `--replications` do.
///
/// ```
/// let adjustments = sim::Adjustments::default().set("load.rate", "0.5/s").seed(7).replications(20);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Adjustments {
    /// Overrides, `path` and `value`, in order. One that names the path of an axis makes this its only value.
    pub set: Vec<(String, String)>,
    /// Another seed.
    pub seed: Option<u64>,
    /// Another number of replications.
    pub replications: Option<u32>,
}

impl Adjustments {
    /// Sets the value at a path, after those that are set already: `"load.rate"` to `"80/s"`,
    /// `"stations.counter.servers"` to `"3"`. The value is written as TOML; the quotes of a text may be left out.
    /// A path that names nothing is a mistake when the plan is read.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((path.into(), value.into()));
        self
    }

    /// Sets several values, in order.
    #[must_use]
    pub fn set_all<P: Into<String>, V: Into<String>>(self, values: impl IntoIterator<Item = (P, V)>) -> Self {
        values.into_iter().fold(self, |adjusted, (path, value)| adjusted.set(path, value))
    }

    /// Another seed of all random numbers. With a different seed the same plan meets different requests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Another number of independent replications of each point.
    #[must_use]
    pub fn replications(mut self, replications: u32) -> Self {
        self.replications = Some(replications);
        self
    }
}
