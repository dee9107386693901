//! Variables in values (`${NAME:-default}`), which Compose replaces from the environment in which it is started.

use std::collections::HashMap;

/// Variables inside of defaults of others at most.
const DEEPEST: usize = 10;

/// The text with defaults in the places of variables, and the names of those that have none.
pub(super) fn interpolated(text: &str) -> (String, Vec<String>) {
    at_depth(text, 0)
}

fn at_depth(text: &str, depth: usize) -> (String, Vec<String>) {
    let (mut value, mut missing, mut rest) = (String::new(), Vec::new(), text);
    let ends = ends(text);
    while let Some(at) = rest.find('$') {
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            value.push('$');
            rest = after;
        } else if let Some(&end) = ends.get(&(text.len() - rest.len())) {
            let (inside, after) = (&text[text.len() - rest.len() + 1..end], &text[end + 1..]);
            match default(inside) {
                Ok(default) if depth < DEEPEST => value.push_str(&at_depth(default, depth + 1).0),
                Ok(default) => value.push_str(default),
                Err(name) => missing.push(name.to_owned()),
            }
            rest = after;
        } else {
            let end = rest.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').unwrap_or(rest.len());
            if end > 0 {
                missing.push(rest[..end].to_owned());
            } else {
                value.push('$');
            }
            rest = &rest[end..];
        }
    }
    value.push_str(rest);
    (value, missing)
}

/// Where the brace that opens at a byte closes; there may be braces inside.
fn ends(text: &str) -> HashMap<usize, usize> {
    let (mut ends, mut open) = (HashMap::new(), Vec::new());
    for (at, sign) in text.match_indices(['{', '}']) {
        match sign {
            "{" => open.push(at),
            _ => ends.extend(open.pop().map(|start| (start, at))),
        }
    }
    ends
}

/// The default of `NAME:-default` or `NAME-default`; else the name.
fn default(inside: &str) -> Result<&str, &str> {
    let end = inside.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')).ok_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_stand_for_variables() {
        for (text, value, missing) in [
            ("postgres:${TAG:-17}", "postgres:17", &[][..]),
            ("${A:-${B-x}}/$$y", "x/$y", &[]),
            ("$HOST:${PORT}", ":", &["HOST", "PORT"]),
            ("${PORT:?needed}", "", &["PORT"]),
            ("100$ ${open", "100$ ${open", &[]),
            ("${open ${A:-x} {", "${open x {", &[]),
        ] {
            let (found, names) = interpolated(text);
            assert_eq!(
                (found.as_str(), names.as_slice()),
                (value, missing.iter().map(|&name| name.to_owned()).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
    }

    /// With a search for the end of each variable this takes minutes.
    #[test]
    fn variables_that_do_not_end_take_little_time() {
        let open = "${".repeat(200_000);
        assert_eq!(interpolated(&open), (open.clone(), Vec::new()));
    }
}
