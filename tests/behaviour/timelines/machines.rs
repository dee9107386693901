//! Hand-worked timelines: machines that services share.

use super::*;

/// Two replicas have a core each; on a machine of one core they share it: both hashes take twice as long.
#[test]
fn replicas_on_one_machine_share_its_cores() {
    let steps = "{ hash = { cpu = \"100ms\" } }";
    let alone = "replicas = 2\ncpu = \"1\"";
    assert_eq!(play(&shop("", alone, steps), &[0.0, 0.0]).successes(), [100.0, 100.0]);
    let shared = "replicas = 2\nmachine = \"small\"\n[machines.small]\ncpu = \"1\"";
    let story = play(&shop("", shared, steps), &[0.0, 50.0]);
    // Alone until 50; half each until A is done at 150; then B alone.
    assert_eq!(story.successes(), [150.0, 200.0]);
    let cpu =
        story.outcome.resources.iter().find(|resource| resource.name == "machine small CPU").expect("the machine");
    assert_eq!((cpu.capacity, cpu.utilisation), (Some(1.0), 1.0));
    assert!(story.outcome.resources.iter().all(|resource| resource.name != "shop CPU"));
}
