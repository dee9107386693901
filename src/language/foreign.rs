//! The words of other configurations, and the keys that they are here, for messages to somebody who pastes a real
//! setting. The words and defaults are those of the products' sources and documentation, in any spelling
//! (`connection-timeout` is `connectionTimeout`), and behind the prefixes of Spring's properties.

mod clients;
mod guards;
mod kubernetes;
mod messaging;
mod pools;
mod servers;

use super::tree::{NodeKind, Tree};

/// Advice on keys of one table at most.
const MOST: usize = 3;

/// A word of another configuration.
struct Foreign {
    /// The spellings, as the products write them.
    words: &'static [&'static str],
    /// Whose word it is.
    of: &'static str,
    /// What has the key here, as messages name it: "a pool".
    noun: &'static str,
    /// The key here; empty where there is none.
    key: &'static str,
    /// What to mind: the unit, a sum, another meaning. May be empty.
    mind: &'static str,
}

const fn word(
    words: &'static [&'static str],
    of: &'static str,
    noun: &'static str,
    key: &'static str,
    mind: &'static str,
) -> Foreign {
    Foreign { words, of, noun, key, mind }
}

const MS: &str = "a number there is milliseconds: 2000 is \"2s\"";
const SECONDS: &str = "a number there is seconds: 30 is \"30s\"";

/// All words that are known.
fn words() -> impl Iterator<Item = &'static Foreign> {
    let all = [pools::WORDS, clients::WORDS, servers::WORDS, kubernetes::WORDS, guards::WORDS, messaging::WORDS];
    all.into_iter().flatten()
}

/// What to say of a key that is not one of `noun`, where it is a word of another configuration. It may be dotted: of
/// `server.tomcat.threads.max` the longest end that is known counts, and the parts before it may say whose word it is.
pub(crate) fn advice(written: &str, noun: &str) -> Option<String> {
    let known = find(written, noun)?;
    let place = if known.noun == noun { String::new() } else { format!(" of {}", known.noun) };
    let mind = known.mind;
    Some(match (known.key, mind) {
        ("", mind) => format!("`{written}` of {} has no key here{place}: {mind}", known.of),
        (key, "") => format!("`{written}` of {} is `{key}`{place} here", known.of),
        (key, mind) => format!("`{written}` of {} is `{key}`{place} here; {mind}", known.of),
    })
}

/// The same of a key and of what stands below it, where that is a table: `server = { tomcat = { ... } }`.
pub(crate) fn advice_below(key: &str, value: &Tree, noun: &str) -> Vec<String> {
    let own = advice(key, noun);
    if own.is_some() {
        return own.into_iter().collect();
    }
    let mut found = Vec::new();
    below(key.to_owned(), value, &mut |path| {
        if found.len() < MOST
            && let Some(advice) = advice(path, noun)
        {
            found.push(advice);
        }
    });
    found
}

fn below(path: String, value: &Tree, visit: &mut dyn FnMut(&str)) {
    let NodeKind::Table(entries) = &value.kind else { return };
    for (key, value) in entries {
        let path = format!("{path}.{key}");
        visit(&path);
        below(path, value, visit);
    }
}

/// Prefixes of settings that are written as one word, as in environment variables, and whose they are.
const PREFIXES: [(&str, &str); 2] = [("springdatasourcehikari", "HikariCP"), ("servertomcat", "Tomcat")];

fn find(written: &str, noun: &str) -> Option<&'static Foreign> {
    let parts: Vec<&str> = written.split('.').collect();
    let dotted = (0..parts.len()).find_map(|start| {
        let word = parts[start..].concat();
        let products: Vec<String> = parts[..start].iter().map(|part| plain(part)).collect();
        let is_of_product = |known: &Foreign| {
            let of = plain(known.of);
            products.iter().any(|product| product.len() > 3 && of.contains(product.as_str()))
        };
        chosen(&word, noun, &is_of_product)
    });
    dotted.or_else(|| {
        let all = plain(written);
        let (word, product) = PREFIXES.iter().find_map(|(prefix, of)| Some((all.strip_prefix(prefix)?, *of)))?;
        chosen(word, noun, &|known| known.of == product)
    })
}

/// What a plain word means: where it is one of a product that is named that, else here, else where it can mean one thing
/// only: no plain word such as "timeout".
///
/// If two products have a word for the same part, its spelling decides: `keepalive` of a client is nginx', `keepAlive` Node's.
fn chosen(written: &str, noun: &str, is_of_product: &dyn Fn(&Foreign) -> bool) -> Option<&'static Foreign> {
    let plain = plain(written);
    let all: Vec<&'static Foreign> =
        words().filter(|known| known.words.iter().any(|word| self::plain(word) == plain)).collect();
    let here = |known: &&&'static Foreign| known.noun == noun;
    let spelled = |known: &&&'static Foreign| here(known) && known.words.contains(&written);
    let named: Vec<&'static Foreign> = all.iter().copied().filter(|known| is_of_product(known)).collect();
    if let Some(known) =
        named.iter().find(here).or(named.first()).or(all.iter().find(spelled)).or(all.iter().find(here))
    {
        return Some(known);
    }
    let is_telling = |word: &str| self::plain(word) == plain && word.chars().any(|c| c.is_uppercase() || c == '_');
    match all.as_slice() {
        [only] if only.words.iter().any(|word| is_telling(word)) => Some(only),
        _ => None,
    }
}

/// A word without case and joints, in which configurations differ: `connection-timeout` is `connectionTimeout`.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::form::Form;

    /// Each word leads to a key of the part that it is said to belong to, and is not itself a key of that part.
    #[test]
    fn every_word_leads_to_a_key_that_there_is() {
        for known in words() {
            let fields = Form::keys_of_noun(known.noun).unwrap_or_else(|| panic!("{}", known.noun));
            let (key, below) = known.key.split_once('.').map_or((known.key, None), |(key, below)| (key, Some(below)));
            assert!(key.is_empty() || fields.contains(&key), "{:?}: {}", known.words, known.key);
            if let Some(below) = below {
                let fields = Form::keys_of_noun(&format!("an {key}")).unwrap_or_else(|| panic!("{key}"));
                assert!(fields.contains(&below), "{:?}: {}", known.words, known.key);
            }
            assert!(!known.key.is_empty() || !known.mind.is_empty(), "{:?}", known.words);
            for word in known.words {
                assert!(!fields.contains(word), "{word} is a key of {} itself", known.noun);
                let twins = words().filter(|other| other.noun == known.noun && other.words.contains(word));
                assert_eq!(twins.count(), 1, "{word} of {} is there twice", known.noun);
            }
        }
    }

    /// A number after `keepalive` is nginx', a truth value after `keepAlive` Node's.
    #[test]
    fn of_two_products_the_spelling_decides() {
        let advice = |word: &str| advice(word, "a client").unwrap_or_default();
        assert!(advice("keepalive").starts_with("`keepalive` of nginx is `max_idle_connections` here"));
        assert!(advice("keepAlive").starts_with("`keepAlive` of Node's http.Agent is `reuse` here"));
    }

    #[test]
    fn spellings_do_not_matter_but_the_place_does() {
        for spelling in ["maximumPoolSize", "maximum-pool-size", "maximum_pool_size", "MAXIMUMPOOLSIZE"] {
            let advice = advice(spelling, "a pool").unwrap();
            assert_eq!(advice, format!("`{spelling}` of HikariCP is `max_size` here"));
        }
        assert!(
            advice("connection-timeout", "a pool")
                .unwrap()
                .contains("`acquire_timeout` here; a number there is milliseconds")
        );
        assert!(advice("connectionTimeout", "a client").unwrap().contains("`connect_timeout` here"));
        assert!(advice("connectionTimeout", "a cache").is_none());
        assert!(advice("maximumPoolSize", "a service").unwrap().contains("`max_size` of a pool here"));
        assert!(advice("keepalive", "a pool").is_none() && advice("workerz", "a service").is_none());
    }

    #[test]
    fn properties_of_spring_are_found_behind_their_prefix() {
        let says = |written: &str, noun: &str, start: &str| {
            let advice = advice(written, noun).unwrap_or_else(|| panic!("{written}"));
            assert!(advice.starts_with(&format!("`{written}` of {start}")), "{advice}");
        };
        says("server.tomcat.threads.max", "a service", "Tomcat is `threads` here");
        says("server.tomcat.max-connections", "a service", "Tomcat is `max_queue` here");
        says("server.tomcat.accept-count", "a service", "Tomcat is `max_queue` here");
        says("tomcat.threads.min-spare", "the model", "Tomcat has no key here of a service");
        says("spring.datasource.hikari.maximum-pool-size", "a service", "HikariCP is `max_size` of a pool here");
        // Tomcat has a setting of the same name, which is not meant.
        says("spring.datasource.hikari.connection-timeout", "a service", "HikariCP is `acquire_timeout` of a pool");
        says("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", "a pool", "HikariCP is `max_size` here");
        says(
            "resilience4j.circuitbreaker.instances.payment.failure-rate-threshold",
            "a breaker",
            "resilience4j is `window` here",
        );
        assert!(advice("a.b", "a service").is_none());
    }

    /// Words of pools and clients that mean different things in different products.
    #[test]
    fn the_part_decides_what_a_word_means() {
        for (written, noun, key) in [
            ("limit", "a client", "`max_connections`"),
            ("limit_per_host", "a client", "`max_connections`"),
            ("pool_maxsize", "a client", "`max_idle_connections`"),
            ("keepalive_timeout", "a client", "`keepalive_expiry`"),
            ("keepalive_timeout", "a service", "`keep_alive`"),
            ("CONN_MAX_AGE", "a pool", "has no key"),
            ("default_pool_size", "a pool", "`max_size`"),
            ("max-pool-size", "a pool", "`max_size`"),
            ("limit_concurrency", "a service", "`ingress`"),
        ] {
            let advice = advice(written, noun).unwrap_or_else(|| panic!("{written}"));
            assert!(advice.contains(key), "{advice}");
        }
        assert!(advice("limit", "a service").is_none());
    }
}
