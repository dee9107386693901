//! `sim draw`: the system as a picture.

use super::place::Place;

#[test]
fn a_model_is_drawn_in_three_formats() {
    let place = Place::new();
    let model = format!("{}/models/registration.toml", env!("CARGO_MANIFEST_DIR"));
    let mermaid = place.sim(&["draw", &model]).ends_with(0).stdout;
    assert!(mermaid.starts_with("flowchart LR\n"), "{mermaid}");
    // The load calls user-service, which calls billing-service over a client and PostgreSQL over a pool.
    for words in
        ["load<br/>", "user-service<br/>2 replicas × 5 workers", "pool auth<br/>5 to 20 connections", "client billing"]
    {
        assert!(mermaid.contains(words), "{words}: {mermaid}");
    }
    for (name, head) in [("a.svg", &b"<svg"[..]), ("a.png", &b"\x89PNG"[..]), ("a.mmd", &b"flowchart"[..])] {
        let ran = place.sim(&["draw", &model, "--output", name]).ends_with(0);
        assert!(ran.stdout.contains(name), "{}", ran.stdout);
        let bytes = std::fs::read(place.path(name)).expect("a file");
        assert!(bytes.starts_with(head), "{name}");
    }
    assert!(place.text("a.svg").contains("billing-service"));
    assert!(place.sim(&["draw", &model, "--output", "a.gif"]).ends_with(2).stderr.contains(".svg, .png or .mmd"));
}

#[test]
fn names_are_no_syntax_of_a_flowchart() {
    let place = Place::new();
    let model = place.text("counter.toml").replace("stations.counter", "stations.\"a\\\"]-->|x\"");
    place.put("m.toml", &model.replace("\"counter\"", "\"a\\\"]-->|x\""));
    let mermaid = place.sim(&["draw", "m.toml"]).ends_with(0).stdout;
    assert!(mermaid.contains("station a#34;#93;--#62;#124;x"), "{mermaid}");
}
