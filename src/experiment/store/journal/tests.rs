//! Whatever is done to a journal: it has the trials of its whole lines, bit for bit, in any order and on any number of
//! machines.

mod draws;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::experiment::analyse::trial::FailedTrial;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::store::archive::{Archive, Finished};
use crate::experiment::store::merge::Shards;
use crate::experiment::store::shard::Shard;
use crate::language::Source;
use draws::draws;

/// Points of the plan.
const POINTS: u32 = 3;

/// Replications of each.
const REPLICATIONS: u32 = 4;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let text = "model = \"../models/mm1.toml\"\ntitle = \"?\"\nreplications = 4\n[axes]\nservers = { path = \
                \"stations.counter.servers\", values = [1, 2, 3] }\n";
    Plan::of(&Source::text(Path::new("experiments/asked.toml"), text), &Adjustments::default())
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
});

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("sim-journal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn header(shard: Option<Shard>) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Header::of(&PLAN, shard)).unwrap();
    line.push(b'\n');
    line
}

fn line(finished: &Finished) -> Vec<u8> {
    match finished {
        Ok(trial) => line_of(&Line::Trial(trial)),
        Err(FailedTrial { point, replication, what }) => {
            line_of(&Line::Failed { point: *point as u32, replication: *replication as u32, what: what.clone() })
        }
    }
}

/// All trials of the plan, as they might have ended.
fn trials() -> impl Strategy<Value = Vec<Finished>> {
    draws().prop_map(|mut draws| {
        let ids = (0..POINTS).flat_map(|point| (0..REPLICATIONS).map(move |replication| (point, replication)));
        let one = |(point, replication): (u32, u32)| match draws.count() % 5 {
            0 => Err(FailedTrial { point: point as usize, replication: replication.into(), what: draws.text() }),
            _ => Ok(draws.trial(point, replication)),
        };
        ids.map(one).collect()
    })
}

/// Every figure of an archive; equal texts are equal bits.
fn figures(archive: &Archive) -> Vec<String> {
    let of_point = |point| {
        let found = archive.of_point(point, u32::MAX).unwrap();
        format!("{:?} {:?}", found.trials, found.failed)
    };
    (0..POINTS).map(of_point).collect()
}

fn in_memory<'a>(trials: impl IntoIterator<Item = &'a Finished>) -> Archive {
    let archive = Archive::in_memory();
    trials.into_iter().for_each(|finished| archive.keep(finished.clone()).unwrap());
    archive
}

fn of_contents(contents: Contents) -> Archive {
    let mut archive = Archive::in_memory();
    archive.add(contents);
    archive
}

/// Lines that are none.
fn rubbish() -> impl Strategy<Value = Vec<u8>> {
    let bytes = vec(any::<u8>(), 0..40).prop_map(|mut bytes| {
        bytes.retain(|&byte| byte != b'\n');
        bytes
    });
    let beyond = prop::sample::select(
        &[
            "{\"failed\":{\"point\":3,\"replication\":0,\"what\":\"\"}}",
            "{\"failed\":{\"point\":0,\"replication\":100000,\"what\":\"\"}}",
            "{\"trial\":{\"point\":0,\"replication\":0,\"ending\":\"complete\"}}",
            "{\"trial\":{\"point\":18446744073709551615,\"replication\":0}}",
            "{}",
            "null",
        ][..],
    );
    // Without a seal, and with a seal all the same.
    let beyond = (beyond, any::<bool>()).prop_map(|(text, has_seal)| match has_seal {
        true => seal(text.into())[..].trim_ascii_end().to_vec(),
        false => text.into(),
    });
    prop_oneof![bytes, beyond]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_its_trial_bit_for_bit(mut draws in draws()) {
        let trial = draws.trial(1, 2);
        let mut bytes = line_of(&Line::Trial(&trial));
        prop_assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), 1);
        let Some(Line::Trial(back)) = line_in(&mut bytes) else {
            panic!("{}", String::from_utf8_lossy(&bytes));
        };
        prop_assert_eq!(format!("{back:?}"), format!("{trial:?}"));
    }

    /// And going on from there makes it whole.
    #[test]
    fn a_cut_anywhere_leaves_the_trials_of_the_whole_lines(trials in trials(), cut in any::<prop::sample::Index>()) {
        let mut bytes = header(None);
        let mut ends = vec![bytes.len()];
        for finished in &trials {
            bytes.extend(line(finished));
            ends.push(bytes.len());
        }
        let cut = cut.index(bytes.len() + 1);
        let folder = Folder::new();
        let path = folder.put(&name_of(None), &bytes[..cut]);
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        match Contents::read(&path).unwrap() {
            None => prop_assert_eq!(whole, 0),
            Some(contents) => {
                prop_assert_eq!(contents.damaged, 0);
                prop_assert_eq!(contents.entries.len() + 1, whole);
                prop_assert_eq!(figures(&of_contents(contents)), figures(&in_memory(&trials[..whole - 1])));
            }
        }
        let (archive, past) = Archive::journalled(&folder.0, &PLAN, None, false).unwrap();
        prop_assert_eq!(past, if whole == 0 { Past::None } else { Past::Resumed { damaged: 0 } });
        for finished in &trials[whole.saturating_sub(1)..] {
            archive.keep(finished.clone()).unwrap();
        }
        prop_assert_eq!(figures(&archive), figures(&in_memory(&trials)));
        drop(archive);
        prop_assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn neither_order_nor_doubles_nor_rubbish_show(
        trials in trials(),
        doubles in vec(any::<prop::sample::Index>(), 0..12),
        rubbish in vec(rubbish(), 0..6),
        order in vec(any::<u32>(), 30),
    ) {
        let mut lines: Vec<Vec<u8>> = trials.iter().map(line).collect();
        lines.extend(doubles.iter().map(|double| line(double.get(&trials))));
        lines.extend(rubbish.iter().map(|line| [line, &b"\n"[..]].concat()));
        let mut keyed: Vec<(u32, Vec<u8>)> = order.into_iter().zip(lines).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let bytes: Vec<u8> = header(None).into_iter().chain(keyed.into_iter().flat_map(|(_, line)| line)).collect();
        let folder = Folder::new();
        let contents = Contents::read(&folder.put("journal", &bytes)).unwrap().unwrap();
        prop_assert_eq!(contents.damaged, rubbish.len());
        let archive = of_contents(contents);
        prop_assert_eq!(archive.len(), trials.len());
        prop_assert_eq!(figures(&archive), figures(&in_memory(&trials)));
    }

    /// The process that ran a trial, and if two did.
    #[test]
    fn any_deal_to_any_number_of_shards_is_one_archive(
        trials in trials(),
        of in 1u32..6,
        owners in vec((any::<u32>(), any::<u32>(), any::<u32>()), 12),
    ) {
        let mut files: Vec<Vec<(u32, Vec<u8>)>> = vec![Vec::new(); of as usize];
        for (finished, (owner, other, order)) in trials.iter().zip(owners) {
            files[(owner % of) as usize].push((order, line(finished)));
            if other % 4 == 0 {
                files[(other / 4 % of) as usize].push((order ^ other, line(finished)));
            }
        }
        let folder = Folder::new();
        for (index, mut lines) in (1..).zip(files) {
            lines.sort_by_key(|(order, _)| *order);
            let shard = Some(Shard { index, of });
            let lines = lines.into_iter().flat_map(|(_, line)| line);
            folder.put(&name_of(shard), &header(shard).into_iter().chain(lines).collect::<Vec<u8>>());
        }
        let archive = Shards::read(&folder.0).unwrap().archive(&PLAN).unwrap();
        prop_assert_eq!(archive.len(), trials.len());
        prop_assert_eq!(figures(&archive), figures(&in_memory(&trials)));
    }

    #[test]
    fn any_bytes_are_a_journal_or_none(bytes in vec(any::<u8>(), 0..300), lines in vec(rubbish(), 0..5)) {
        let folder = Folder::new();
        let _ = Contents::read(&folder.put("bytes", &bytes));
        let whole: Vec<u8> = header(None).into_iter().chain(lines.join(&b'\n')).chain(bytes).collect();
        let contents = Contents::read(&folder.put("lines", &whole)).unwrap().unwrap();
        figures(&of_contents(contents));
    }

    /// A byte that turned over costs its line, and is never taken for a figure.
    #[test]
    fn a_flipped_byte_costs_its_own_line(
        trials in trials(),
        line_hit in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        flip in 1u8..=255,
    ) {
        let mut lines: Vec<Vec<u8>> = trials.iter().map(line).collect();
        let hit = line_hit.index(lines.len());
        let at = byte.index(lines[hit].len() - 1);
        lines[hit][at] ^= flip;
        let bytes: Vec<u8> = header(None).into_iter().chain(lines.concat()).collect();
        let folder = Folder::new();
        let contents = Contents::read(&folder.put("journal", &bytes)).unwrap().unwrap();
        prop_assert!((1..=2).contains(&contents.damaged), "a line, or two where a line feed came of it");
        let others = trials.iter().enumerate().filter(|(index, _)| *index != hit).map(|(_, finished)| finished);
        prop_assert_eq!(figures(&of_contents(contents)), figures(&in_memory(others)));
    }
}
