//! Where the load goes, and whether it may.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use hyper::Uri;

use crate::language::{Mistake, visible};

/// How long a first connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A system that may be loaded. Its address is looked up once, so that all requests go to the one that was checked.
#[derive(Clone, Debug)]
pub struct Target {
    /// The URL, without a slash at its end.
    pub url: String,
    /// Whether connections are encrypted.
    pub is_tls: bool,
    /// The name of the host, without port.
    pub host: String,
    /// Host and port as a request names them.
    pub authority: String,
    /// What stands before the path of each request.
    pub prefix: String,
    /// The address.
    pub address: SocketAddr,
}

/// Reads the URL of `--target`, checks that this system may be loaded, and connects to it once.
///
/// # Errors
/// Where it is no URL of a web server; where an address of its host is not a loopback address and `allowed` does not name
/// the host; and where nothing listens there.
pub fn target(url: &str, allowed: &[String]) -> Result<Target, Mistake> {
    let shown = visible(url).into_owned();
    let wrong = |reason: &str| {
        Mistake::new(format!("`{shown}` is not the URL of a target: {reason}"))
            .help("write for instance http://127.0.0.1:8000")
    };
    let uri: Uri = url.trim().parse().map_err(|_| wrong("it cannot be read"))?;
    let is_tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        Some(other) => return Err(wrong(&format!("`{}` is neither http nor https", visible(other)))),
        None => return Err(wrong("it has no scheme")),
    };
    if is_tls && !cfg!(feature = "tls") {
        let mistake = Mistake::new("this build of sim has no TLS, so it cannot measure an https target");
        return Err(mistake
            .note("TLS is a feature that is off by default, because it makes the build longer")
            .help("build with it: cargo build --release --features tls"));
    }
    let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("a user and a password go into a header: authorization = \"Basic …\""));
    }
    if uri.query().is_some() {
        return Err(wrong("the query of a request belongs to its `path` in the table `measure`"));
    }
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    // `Authority::port_u16` has none where a port is too large.
    let port = match authority.as_str().strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':')) {
        None | Some("") => Some(if is_tls { 443 } else { 80 }),
        Some(text) => text.parse().ok().filter(|&port: &u16| port > 0),
    };
    let port = port.ok_or_else(|| wrong("its port must be a number from 1 to 65535"))?;
    let addresses: Vec<SocketAddr> = match (host.as_str(), port).to_socket_addrs() {
        Ok(found) => found.collect(),
        Err(error) => {
            let title = format!("the host `{}` cannot be looked up: {error}", visible(&host));
            return Err(Mistake::new(title));
        }
    };
    let is_allowed = allowed.iter().any(|name| name.trim_matches(['[', ']']).eq_ignore_ascii_case(&host));
    if let Some(other) = addresses.iter().find(|address| !is_loopback(address.ip())).filter(|_| !is_allowed) {
        return Err(refused(&host, other.ip(), allowed));
    }
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => {
                let prefix = uri.path().trim_end_matches('/').to_owned();
                let url = url.trim().trim_end_matches('/').to_owned();
                return Ok(Target { url, is_tls, host, authority: authority.to_string(), prefix, address });
            }
            Err(error) => last = Some((address, error)),
        }
    }
    let reason = last.map_or_else(|| "it has no address".into(), |(address, error)| format!("{address}: {error}"));
    Err(Mistake::new(format!("cannot connect to {shown}: {reason}")).help("start the system, then measure it"))
}

fn refused(host: &str, address: IpAddr, allowed: &[String]) -> Mistake {
    let is_address = host.parse() == Ok(address);
    let host = visible(host);
    let mistake = Mistake::new(if is_address {
        format!("`{host}` is not a loopback address")
    } else {
        format!("`{host}` has the address {address}, which is not a loopback address")
    });
    let mistake = match allowed {
        [] => mistake.note("a load test can take a system down; without --i-may-load only this machine is loaded"),
        some => mistake.note(format!("--i-may-load names {}", visible(&some.join(", ")))),
    };
    mistake.help(format!("if you may load it, say so: --i-may-load {host}"))
}

/// Whether an address is a loopback address, also one of IPv4 that is written as one of IPv6.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        target(url, &[]).map(|target| target.url).expect_err(url).title
    }

    #[test]
    fn what_is_no_url_of_a_target_is_refused() {
        assert!(refusal("127.0.0.1:8000").contains("is not the URL of a target"));
        assert!(refusal("ftp://127.0.0.1").contains("neither http nor https"));
        assert!(refusal("http://a:b@127.0.0.1:1").contains("header"));
        assert!(refusal("http://127.0.0.1:1/x?y=1").contains("`path`"));
        assert!(refusal("http:///x").contains("not the URL"));
        for port in ["0", "65536", "99999", "8000000000000", "-1", "x"] {
            assert!(refusal(&format!("http://127.0.0.1:{port}")).contains("not the URL"), "{port}");
        }
    }

    #[test]
    fn other_machines_are_refused_before_anything_is_sent() {
        for host in ["192.0.2.1", "[2001:db8::1]", "0.0.0.0", "10.0.0.1", "[::ffff:192.0.2.1]"] {
            assert!(refusal(&format!("http://{host}:8000")).contains("is not a loopback address"), "{host}");
        }
        assert!(target("http://192.0.2.1:8000", &["192.0.2.2".into()]).is_err());
        assert!(is_loopback("::ffff:127.0.0.1".parse().unwrap()) && is_loopback("127.8.8.8".parse().unwrap()));
    }

    #[test]
    fn nothing_that_listens_is_said() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(refusal(&format!("http://{free}")).contains("cannot connect"));
    }
}
