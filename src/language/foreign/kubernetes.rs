//! Words of Kubernetes, and of the limits of Linux.

use super::{Foreign, SECONDS, word};

/// The words.
pub(super) const WORDS: &[Foreign] = &[
    word(
        &["limits.cpu", "limits_cpu", "cpu_limit", "resources"],
        "Kubernetes",
        "a service",
        "cpu",
        "\"500m\" or \"2\", the limit and not the request",
    ),
    word(
        &["requests.cpu", "requests_cpu", "cpu_request"],
        "Kubernetes",
        "a service",
        "",
        "only the limit counts here: write it as `cpu`",
    ),
    word(
        &["limits.memory", "memory", "memory_limit"],
        "Kubernetes",
        "a service",
        "",
        "memory is not modelled; leave it out",
    ),
    word(&["livenessProbe"], "Kubernetes", "a service", "liveness", ""),
    word(&["readinessProbe"], "Kubernetes", "a service", "readiness", ""),
    word(
        &["startupProbe"],
        "Kubernetes",
        "a service",
        "liveness",
        "its `initial_delay` and `restart_time` are the time of a start",
    ),
    word(&["ulimit", "nofile"], "Linux", "a service", "open_files", ""),
    word(&["somaxconn"], "Linux", "a service", "backlog", "the smaller one of the two"),
    word(&["periodSeconds"], "Kubernetes", "a liveness", "period", SECONDS),
    word(&["timeoutSeconds"], "Kubernetes", "a liveness", "timeout", SECONDS),
    word(&["initialDelaySeconds"], "Kubernetes", "a liveness", "initial_delay", SECONDS),
    word(&["failureThreshold"], "Kubernetes", "a liveness", "failure_threshold", ""),
    word(
        &["successThreshold"],
        "Kubernetes",
        "a liveness",
        "",
        "it must be 1 for a liveness probe in Kubernetes; leave it out",
    ),
    word(
        &["terminationGracePeriodSeconds"],
        "Kubernetes",
        "a liveness",
        "",
        "the grace period is not modelled; leave it out",
    ),
    word(&["httpGet", "path"], "Kubernetes", "a liveness", "endpoint", "an endpoint of this service"),
    word(&["periodSeconds"], "Kubernetes", "a readiness", "period", SECONDS),
    word(&["timeoutSeconds"], "Kubernetes", "a readiness", "timeout", SECONDS),
    word(&["initialDelaySeconds"], "Kubernetes", "a readiness", "initial_delay", SECONDS),
    word(&["failureThreshold"], "Kubernetes", "a readiness", "failure_threshold", ""),
    word(&["successThreshold"], "Kubernetes", "a readiness", "success_threshold", ""),
    word(&["httpGet", "path"], "Kubernetes", "a readiness", "endpoint", "an endpoint of this service"),
    word(
        &["minReplicas", "maxReplicas"],
        "Kubernetes",
        "a service",
        "replicas",
        "their number does not change during a run here: try several with an axis",
    ),
];
