//! Which requests are answered: those that name this server by an address or a name of its own, and that no page of
//! another site has made. A name that an attacker's DNS server points at this machine ("DNS rebinding") is neither.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderMap};
use axum::http::{StatusCode, Version};

/// Names by which the server may be called beside addresses and `localhost`.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(pub Vec<String>);

impl Names {
    /// Why a request is refused; none of one that is answered.
    pub(super) fn refuse(&self, version: Version, headers: &HeaderMap) -> Option<(StatusCode, String)> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            (None, _) if version < Version::HTTP_11 => "",
            _ => return Some((StatusCode::BAD_REQUEST, "a request needs one Host header".into())),
        };
        if !self.knows(host) {
            let words = format!(
                "this server is not called `{}`; start it with --name to let it answer to that name",
                host.escape_debug()
            );
            return Some((StatusCode::FORBIDDEN, words));
        }
        // Set by every current browser (Fetch Metadata, W3C): another site's page must not make this machine work.
        let from_elsewhere =
            headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
        let is_navigation = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
        if from_elsewhere && !is_navigation {
            return Some((StatusCode::FORBIDDEN, "a page of another site made this request".into()));
        }
        None
    }

    /// Whether a Host header names this server: by an IP address, which no DNS server has a say in, or a known name.
    fn knows(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((address, port)) if is_port(port) => return address.parse::<IpAddr>().is_ok(),
                _ => return false,
            },
            None => match host.split_once(':') {
                Some((name, port)) if port.parse::<u16>().is_ok() => name,
                Some(_) => return false,
                None => host,
            },
        };
        let is_called = |known: &str| name.eq_ignore_ascii_case(known);
        name.parse::<IpAddr>().is_ok() || is_called("localhost") || self.0.iter().any(|known| is_called(known))
    }
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_known_names_are_answered() {
        let names = Names(vec!["sim.example".into()]);
        for host in
            ["127.0.0.1:7424", "localhost:7424", "LOCALHOST", "[::1]:7424", "[::1]", "10.0.0.7:80", "Sim.Example:1"]
        {
            assert!(names.knows(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:7424",
            "[::1",
            "[evil]:1",
            "a:b",
            "localhost:70000",
        ] {
            assert!(!names.knows(host), "{host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused_unless_the_reader_follows_a_link() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let refused =
            |pairs| Names::default().refuse(Version::HTTP_11, &headers(pairs)).map(|(status, _)| status.as_u16());
        assert_eq!(refused(&[("host", "127.0.0.1:1")]), None);
        assert_eq!(refused(&[]), Some(400));
        assert_eq!(refused(&[("host", "evil.example")]), Some(403));
        assert_eq!(
            refused(&[("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")]),
            Some(403)
        );
        assert_eq!(
            refused(&[("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]),
            None
        );
        assert_eq!(refused(&[("host", "localhost"), ("sec-fetch-site", "same-origin")]), None);
    }
}
