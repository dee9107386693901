//! Variables in values (`${NAME:-default}`), which Compose replaces from the environment of whoever starts it.

/// Variables inside of defaults of others at most.
const DEEPEST: usize = 10;

/// The text with defaults in the places of variables, and the names of those that have none.
pub(super) fn interpolated(text: &str) -> (String, Vec<String>) {
    at_depth(text, 0)
}

fn at_depth(text: &str, depth: usize) -> (String, Vec<String>) {
    let (mut value, mut missing, mut rest) = (String::new(), Vec::new(), text);
    while let Some(at) = rest.find('$') {
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            value.push('$');
            rest = after;
        } else if let Some((inside, after)) = braced(rest) {
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

/// What stands between the braces, and after them; there may be braces inside.
fn braced(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{')?;
    let mut depth = 1;
    let end = inside.find(|sign| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        depth == 0
    })?;
    Some((&inside[..end], &inside[end + 1..]))
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
        ] {
            let (found, names) = interpolated(text);
            assert_eq!(
                (found.as_str(), names.as_slice()),
                (value, missing.iter().map(|&name| name.to_owned()).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
    }
}
