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

/// 100 ms of work take 200 on cores of half the speed, 50 on cores of twice the speed, and each of two jobs that share a
/// core twice that, whatever it does: on the loop, in a thread, or at a database that shares the machine.
#[test]
fn the_speed_of_cores_stretches_all_work() {
    let hash = "{ hash = { cpu = \"100ms\" } }";
    let ends = |keys: &str, steps: &str, sends: &[f64]| play(&shop("", keys, steps), sends).successes();
    assert_eq!(ends("speed = 0.5", hash, &[0.0]), [200.0]);
    assert_eq!(ends("cpu = \"1\"\nspeed = \"200%\"", hash, &[0.0]), [50.0]);
    let slow = "machine = \"slow\"\n[machines.slow]\ncpu = \"1\"\nspeed = 0.5";
    assert_eq!(ends(&format!("replicas = 2\n{slow}"), hash, &[0.0, 0.0]), [400.0, 400.0]);
    let thread = "{ hash = { cpu = \"100ms\", on = \"thread\", holds_gil = true } }";
    assert_eq!(ends(slow, thread, &[0.0]), [200.0]);
    let story = play(&shop("", slow, hash), &[0.0]);
    let cpu = resource(&story.outcome, "machine slow CPU");
    assert_eq!((cpu.utilisation, story.used("machine slow CPU")), (1.0, 200.0));
}
