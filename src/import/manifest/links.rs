//! Who may call whom: workloads that are named in the settings of others, and dependencies.

use super::{Said, Workload};

/// A workload that is probably called.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The index of the workload that is called.
    pub to: usize,
    /// By what it is known, with its place.
    pub reason: String,
}

/// The names that a value is an address by.
const ADDRESSES: [&str; 12] =
    ["HOST", "URL", "URI", "ADDR", "ADDRESS", "ENDPOINT", "SERVER", "SERVERS", "DSN", "BROKER", "BACKEND", "UPSTREAM"];

/// The links of each workload, in the order in which they stand in its file.
pub(super) fn links(workloads: &[Workload]) -> Vec<Vec<Link>> {
    workloads.iter().enumerate().map(|(index, workload)| of(workload, index, workloads)).collect()
}

fn of(workload: &Workload, own: usize, all: &[Workload]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut add = |host: &str, reason: String| {
        let Some(to) = all.iter().position(|other| other.hosts.iter().any(|known| known == host)) else { return };
        if to != own && !links.iter().any(|link| link.to == to) {
            links.push(Link { to, reason });
        }
    };
    for (key, said) in &workload.environment {
        // In a URL the host alone is one.
        let is_named = key.split('_').any(|part| ADDRESSES.contains(&part)) && !said.text.contains("://");
        hosts(said, is_named).for_each(|host| add(host, format!("{}: {key} names it", said.place)));
    }
    for said in &workload.words {
        hosts(said, false).for_each(|host| add(host, format!("{}: an argument names it", said.place)));
    }
    for said in &workload.depends_on {
        add(&said.text, format!("{}: depends_on", said.place));
    }
    links
}

/// The hosts of addresses in a text: what stands before a port or behind `//` and `@`; any word where the text is known to be
/// an address.
fn hosts(said: &Said, is_address: bool) -> impl Iterator<Item = &str> {
    let is_host = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '_');
    let text = said.text.as_str();
    text.split(move |sign| !is_host(sign)).filter(move |word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        let has_port = after.strip_prefix(':').is_some_and(|port| port.starts_with(|sign: char| sign.is_ascii_digit()));
        let authority = || after.split(['/', '?', ' ']).next().unwrap_or_default();
        let is_user = before.ends_with("//") && authority().contains('@');
        !word.is_empty() && !is_user && (is_address || has_port || before.ends_with("//") || before.ends_with('@'))
    })
}

/// Takes the links that close a circle out, and gives them: a call that leads back to its caller would never end.
pub(super) fn without_circles(links: &mut [Vec<Link>]) -> Vec<(usize, Link)> {
    let mut removed = Vec::new();
    let all: Vec<Vec<Link>> = links.iter_mut().map(std::mem::take).collect();
    for (from, of_one) in all.into_iter().enumerate() {
        for link in of_one {
            if reaches(links, link.to, from) {
                removed.push((from, link));
            } else {
                links[from].push(link);
            }
        }
    }
    removed
}

fn reaches(links: &[Vec<Link>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; links.len()];
    let mut next = vec![from];
    while let Some(here) = next.pop() {
        if here == to {
            return true;
        }
        if !std::mem::replace(&mut seen[here], true) {
            next.extend(links[here].iter().map(|link| link.to));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_addresses_only() {
        let found = |text: &str, is_address| {
            let said = Said { text: text.into(), place: String::new() };
            hosts(&said, is_address).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(found("postgres://app:secret@db:5432/shop", false), ["db"]);
        assert_eq!(found("http://billing.prod.svc.cluster.local/x", false), ["billing.prod.svc.cluster.local"]);
        assert_eq!(found("redis", false), [""; 0]);
        assert_eq!(found("redis", true), ["redis"]);
        assert_eq!(found("a:9092,b:9092", false), ["a", "b"]);
        // A value may be a whole file of a ConfigMap.
        assert!(found(&"a,".repeat(200_000), false).is_empty());
    }

    #[test]
    fn a_circle_is_broken_once() {
        let link = |to| Link { to, reason: String::new() };
        let mut links = vec![vec![link(1)], vec![link(2)], vec![link(0), link(3)], vec![]];
        let removed = without_circles(&mut links);
        let removed: Vec<(usize, usize)> = removed.into_iter().map(|(from, link)| (from, link.to)).collect();
        assert_eq!(removed, [(2, 0)]);
    }
}
