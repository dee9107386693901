//! A Grafana dashboard for the metrics of a system.

use serde_json::{Value, json};

use crate::kernel::Time;
use crate::model::{MetricsPlan, Runtime, ServicePlan, System};

/// The version of Grafana's dashboard schema (Grafana 10 to 12 read it).
const SCHEMA: u32 = 39;

/// Columns of the grid.
const COLUMNS: u32 = 24;

/// Height of a panel.
const HEIGHT: u32 = 8;

/// A query and what its curves are called.
type Query = (String, &'static str);

/// The panels so far, and where the next one stands.
#[derive(Default)]
struct Grid {
    panels: Vec<Value>,
    column: u32,
    line: u32,
}

/// A dashboard of a row for each service: availability, requests, response times, calls, pools, CPU. Its data source is a
/// variable, so that it can be imported anywhere. It shows the samples of a run up to `end`, which begin at the epoch; without a
/// run it shows the last hour.
pub fn dashboard(system: &System, title: &str, end: Option<Time>) -> Value {
    let (from, to) = match end {
        Some(end) => (date(Time::ZERO), date(end)),
        None => ("now-1h".into(), "now".into()),
    };
    let mut grid = Grid::default();
    grid.row("What clients see");
    let by_status = "sum by (status) (rate(client_requests_total[$__rate_interval]))";
    grid.panel("Requests", "reqps", &[(by_status.into(), "{{status}}")]);
    grid.panel("Response time", "s", &quantiles("client_request_duration_seconds", ""));
    for (index, plan) in system.services.iter().enumerate() {
        service(&mut grid, system, index, plan);
    }
    json!({
        "title": title,
        "uid": null,
        "tags": ["sim"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": "",
        "time": { "from": from, "to": to },
        "annotations": { "list": [] },
        "links": [],
        "templating": { "list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
            "hide": 0,
            "multi": false,
            "includeAll": false,
            "regex": "",
            "options": [],
            "current": {},
        }] },
        "panels": grid.panels,
    })
}

/// A time since the epoch as ISO 8601, rounded up to a second.
fn date(since: Time) -> String {
    let seconds = since.0.div_ceil(1_000_000_000);
    let (mut day, of_day) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", month + 1, day + 1)
}

fn service(grid: &mut Grid, system: &System, index: usize, plan: &ServicePlan) {
    let MetricsPlan { endpoints, clients, pools, .. } = &system.metrics;
    let job = format!("job=\"{}\"", plan.name.replace('\\', "\\\\").replace('"', "\\\""));
    grid.row(&plan.name);
    grid.panel("Up", "none", &[(format!("up{{{job}}}"), "{{instance}}")]);
    for (endpoint, names) in system.endpoints.iter().zip(endpoints).filter(|(it, _)| it.service as usize == index) {
        let rate = format!("sum by (status) (rate({}{{{job}}}[$__rate_interval]))", names.requests);
        grid.panel(&format!("{}: requests", endpoint.name), "reqps", &[(rate, "{{status}}")]);
        grid.panel(&format!("{}: time of the handler", endpoint.name), "s", &quantiles(&names.duration, &job));
        let in_flight = format!("{}{{{job}}}", names.in_flight);
        grid.panel(&format!("{}: in flight", endpoint.name), "none", &[(in_flight, "{{instance}}")]);
    }
    for (client, names) in plan.clients.iter().zip(&clients[index]) {
        let rate = |name: &str| format!("sum(rate({name}{{{job}}}[$__rate_interval]))");
        let queries = [(rate(&names.requests), "calls"), (rate(&names.errors), "errors")];
        grid.panel(&format!("Client {}: calls", client.name), "reqps", &queries);
        grid.panel(&format!("Client {}: latency", client.name), "s", &quantiles(&names.latency, &job));
    }
    for (pool, names) in plan.pools.iter().zip(&pools[index]) {
        let sum = |name: &str| format!("sum({name}{{{job}}})");
        let queries = [
            (sum(&names.in_use), "in use"),
            (sum(&names.waiting), "requests that wait"),
            (sum(&names.size), "at most"),
        ];
        grid.panel(&format!("Pool {}: connections", pool.name), "none", &queries);
    }
    if plan.machine.is_none() && plan.runtime != Runtime::Delay {
        let cpu = format!("rate(process_cpu_seconds_total{{{job}}}[$__rate_interval])");
        grid.panel("CPU cores in use", "none", &[(cpu, "{{instance}}")]);
    }
    if plan.open_files.is_some() {
        let queries =
            [(format!("process_open_fds{{{job}}}"), "{{instance}}"), (format!("process_max_fds{{{job}}}"), "at most")];
        grid.panel("Open files", "none", &queries);
    }
}

/// Percentiles of a histogram.
fn quantiles(name: &str, job: &str) -> Vec<Query> {
    let of = |q: &str| format!("histogram_quantile({q}, sum by (le) (rate({name}_bucket{{{job}}}[$__rate_interval])))");
    vec![(of("0.5"), "p50"), (of("0.95"), "p95"), (of("0.99"), "p99")]
}

impl Grid {
    fn id(&self) -> usize {
        self.panels.len() + 1
    }

    /// Begins a row.
    fn row(&mut self, title: &str) {
        self.end_line();
        let place = json!({ "h": 1, "w": COLUMNS, "x": 0, "y": self.line });
        let row = json!({
            "id": self.id(), "type": "row", "title": title, "collapsed": false, "gridPos": place, "panels": [],
        });
        self.panels.push(row);
        self.line += 1;
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            (self.column, self.line) = (0, self.line + HEIGHT);
        }
    }

    /// Adds a panel of curves, three to a line.
    fn panel(&mut self, title: &str, unit: &str, queries: &[Query]) {
        let width = COLUMNS / 3;
        let source = json!({ "type": "prometheus", "uid": "${datasource}" });
        let targets = queries.iter().zip('A'..).map(|((query, legend), letter)| {
            json!({
                "refId": letter.to_string(),
                "datasource": source,
                "expr": query,
                "legendFormat": legend,
                "range": true,
                "instant": false,
            })
        });
        let panel = json!({
            "id": self.id(),
            "type": "timeseries",
            "title": title,
            "datasource": source,
            "gridPos": { "h": HEIGHT, "w": width, "x": self.column, "y": self.line },
            "fieldConfig": {
                "defaults": { "unit": unit, "min": 0, "color": { "mode": "palette-classic" } },
                "overrides": [],
            },
            "options": {
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] },
                "tooltip": { "mode": "multi", "sort": "none" },
            },
            "targets": targets.collect::<Vec<Value>>(),
        });
        self.panels.push(panel);
        self.column += width;
        if self.column >= COLUMNS {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `date --utc --date=@SECONDS` writes them.
    #[test]
    fn times_of_a_run_are_dates_from_the_epoch_on() {
        for (seconds, text) in [
            (0.0, "1970-01-01T00:00:00Z"),
            (1800.5, "1970-01-01T00:30:01Z"),
            (68_169_599.0, "1972-02-28T23:59:59Z"),
            (68_169_600.0, "1972-02-29T00:00:00Z"),
            (94_694_400.0, "1973-01-01T00:00:00Z"),
        ] {
            assert_eq!(date(Time::from_seconds(seconds)), text);
        }
    }
}
