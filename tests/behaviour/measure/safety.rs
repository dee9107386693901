//! `sim measure` loads nothing that it may not, and ends: with its load, with failures, with Ctrl-C.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::server::{Behaviour, Server};
use super::*;

/// Only what is asked for is loaded, and only this machine unless another is named.
#[test]
fn other_machines_are_not_loaded() {
    let bench = Bench::new(&format!("{CLOSED}concurrency = 1\nusers = 1"), "");
    let said = |arguments: &[&str]| {
        let output = bench.command(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let refused = said(&["--target", "http://192.0.2.7:8000/x"]);
    assert!(refused.contains("`192.0.2.7` is not a loopback address"), "{refused}");
    assert!(refused.contains("--i-may-load 192.0.2.7"), "{refused}");
    let other = said(&["--target", "http://192.0.2.7:8000", "--i-may-load", "192.0.2.8"]);
    assert!(other.contains("--i-may-load names 192.0.2.8"), "{other}");
    assert!(!bench.0.0.join("output").exists());
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    assert!(said(&["--target", &format!("http://{free}")]).contains("start the system, then measure it"));
    assert!(said(&["--target", "localhost:80"]).contains("not the URL of a target"));
    if !cfg!(feature = "tls") {
        assert!(said(&["--target", "https://127.0.0.1:1"]).contains("--features tls"));
    }
}

#[test]
fn it_stops_where_most_requests_fail() {
    let server =
        Server::start(Behaviour { status: |number, _| if number > 50 { 500 } else { 200 }, ..Behaviour::of(2, 9) });
    let load = format!("{CLOSED}concurrency = 2\nduration = \"120s\"");
    let bench = Bench::new(&load, "stop_at_failures = \"60%\"");
    let measured = bench.run(&server, &[]);
    assert_eq!(measured.output.status.code(), Some(1));
    assert!(
        text(&measured.output.stderr).contains("% of the last 100 requests failed"),
        "{}",
        text(&measured.output.stderr)
    );
    assert_eq!(measured.observation("requests", "") - measured.observation("failed_requests", ""), 50.0);
    lies(measured.observation("failed_requests", "status 500"), 60.0, 300.0);
    assert!(text(&measured.output.stdout).contains("failures, model: status 500 "));
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_measured() {
    let server = Server::start(Behaviour::of(20, 4));
    let bench = Bench::new(&format!("{CLOSED}concurrency = 4\nduration = \"300s\""), "");
    let target = server.url();
    let mut command = bench.command(&["--target", &target]);
    let child: Child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    while server.seen().len() < 40 {
        sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let measured = bench.measured(output);
    assert_eq!(measured.output.status.code(), Some(130), "{}", text(&measured.output.stderr));
    assert!(measured.observation("requests", "") >= 36.0);
    // What was under way is in the file, and not counted.
    let cut: Vec<Row> = measured.rows().into_iter().filter(|row| row.cause == "cut off at the end").collect();
    assert!((1..=4).contains(&cut.len()) && cut.iter().all(|row| !row.is_counted), "{cut:?}");
    lies(measured.rate() * measured.mean(), 3.0, 4.05);
}

/// A server that does this with each connection after the one by which sim sees whether it listens.
fn listen(each: fn(TcpStream) -> Option<TcpStream>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let _kept: Vec<TcpStream> = listener.incoming().flatten().filter_map(each).collect();
    });
    address
}

/// A server that answers nothing, or not with HTTP, ends neither a run nor its own connection.
#[test]
fn it_ends_whatever_a_server_does() {
    let load = "kind = \"closed\"\ntarget = \"shop.buy\"\nconcurrency = 3\nduration = \"500ms\"";
    let bench = Bench::new(load, "");
    let measured = |each: fn(TcpStream) -> Option<TcpStream>| {
        let target = format!("http://{}", listen(each));
        bench.measured(bench.command(&["--target", &target]).output().expect("it runs"))
    };
    let silent = measured(Some);
    assert_eq!(silent.output.status.code(), Some(1));
    let said = text(&silent.output.stderr);
    assert!(said.contains("no request ended in the window of “model”"), "{said}");
    assert!(said.contains("3 requests were under way"), "{said}");
    let closed = measured(|_| None);
    assert_eq!(closed.output.status.code(), Some(1));
    assert!(text(&closed.output.stderr).contains("100 % of the last 100 requests failed"));
    let other = measured(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH\r\n");
        Some(stream)
    });
    assert_eq!((other.output.status.code(), other.observation("success_rate", "")), (Some(1), 0.0));
}
