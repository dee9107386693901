//! Queues as meant: who publishes is known by then, who consumes is found here.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::kernel::random::{fold, mix};
use crate::language::{Consumer, Duration, LateAck, Overflow, Queue, View};
use crate::model::{ConsumerPlan, Op, QueuePlan, Redelivery};

/// Factors of a retry's delay at most.
const MOST_BACKOFF: f64 = 1000.0;

impl Lowering<'_> {
    /// All queues with their consumers, once every endpoint has its number.
    pub(super) fn queues(&mut self) {
        let model = self.model;
        let all = At::Root.key("queues");
        for (index, (name, queue)) in (0..).zip(&model.queues) {
            self.queue(all.key(name), index, name, queue);
        }
        self.system.outlasts = !model.queues.is_empty() || self.system.program.contains(&Op::Respond);
    }

    fn queue(&mut self, at: At<'_>, index: u32, name: &str, queue: &Queue) {
        if let Some(length) = queue.max_length {
            self.at_least_one(at.key("max_length"), "max_length", length);
        } else if queue.overflow == Overflow::RejectPublish {
            let title = format!("queue `{name}` has no `max_length`, so it is never full");
            let complaint = Complaint::at(at.key("overflow"), title, "would have no effect");
            self.complain(complaint.help("add `max_length`, or leave `overflow` out"));
        }
        if queue.consumers.is_empty() {
            let title = format!("queue `{name}` has no consumer");
            let complaint = Complaint::at_key(at, title, "its messages would reach no consumer");
            self.complain(complaint.help(format!(
                "add a table such as `[queues.{name}.consumers.worker]` with its `service` and `endpoint`"
            )));
        }
        let plan = QueuePlan {
            name: name.into(),
            max_length: queue.max_length,
            rejects: queue.overflow == Overflow::RejectPublish,
            publish_cpu: self.maybe_draw(at.key("publish_cpu"), queue.publish_cpu.as_ref()),
            publish_time: self.maybe_draw(at.key("publish_time"), queue.publish_time.as_ref()),
            delivery_time: self.maybe_draw(at.key("delivery_time"), queue.delivery_time.as_ref()),
            first: self.system.consumers.len() as u32,
            count: queue.consumers.len() as u32,
        };
        self.system.queues.push(plan);
        let all = at.key("consumers");
        for (consumer_name, consumer) in &queue.consumers {
            let salt = mix(fold(&format!("{name}/{consumer_name}")));
            let plan = self.consumer(all.key(consumer_name), consumer_name, consumer);
            let feeds = |view: &View| view.queue == name && view.consumer == *consumer_name;
            let view = self.model.views.values().position(feeds).map(|view| view as u32);
            self.system.consumers.push(ConsumerPlan { queue: index, salt, view, ..plan });
        }
    }

    fn consumer(&mut self, at: At<'_>, name: &str, consumer: &Consumer) -> ConsumerPlan {
        let services = &self.model.services;
        let service = self.find(at.key("service"), "service", &consumer.service, services.iter(), "");
        let endpoint = service.and_then(|(service, plan)| {
            let of_service = format!(" in service `{}`", consumer.service);
            let endpoints = plan.endpoints.iter();
            self.find(at.key("endpoint"), "endpoint", &consumer.endpoint, endpoints, &of_service)?;
            self.endpoint_index(service, &consumer.endpoint)
        });
        if let Some(prefetch) = consumer.prefetch {
            self.at_least_one(at.key("prefetch"), "prefetch", prefetch);
        }
        if !(1.0..=MOST_BACKOFF).contains(&consumer.backoff) {
            let title = format!("`backoff` is {}", consumer.backoff);
            self.complain(Complaint::at(at.key("backoff"), title, "must be between 1 and 1000"));
        }
        if let Some(most) = consumer.max_deliveries {
            self.at_least_one(at.key("max_deliveries"), "max_deliveries", most);
        }
        ConsumerPlan {
            name: name.into(),
            salt: 0,
            queue: 0,
            endpoint: endpoint.unwrap_or(0),
            prefetch: consumer.prefetch,
            retries: consumer.retries,
            retry_delay: consumer.retry_delay.map_or(Time::ZERO, |delay| Time(delay.0)),
            backoff: consumer.backoff,
            redelivery: self.redelivery(at, consumer),
            max_deliveries: consumer.max_deliveries,
            start_gap: consumer.start_gap.map_or(Time::ZERO, |gap| Time(gap.0)),
            view: None,
        }
    }

    /// What becomes of a message that is not acknowledged in time.
    fn redelivery(&mut self, at: At<'_>, consumer: &Consumer) -> Option<Redelivery> {
        let late_ack_counts = consumer.late_ack == LateAck::Counts;
        let (key, &Duration(after), notices_death) = match (&consumer.visibility_timeout, &consumer.ack_timeout) {
            (Some(after), None) => ("visibility_timeout", after, false),
            (None, Some(after)) => ("ack_timeout", after, true),
            (Some(_), Some(_)) => {
                let title = "a consumer has `visibility_timeout` or `ack_timeout`, not both";
                let complaint = Complaint::at(at.key("ack_timeout"), title, "a second time for the same limit");
                self.complain(complaint.help(
                    "write `visibility_timeout` if the broker does not notice that a process has died (SQS, Redis), else \
                     `ack_timeout` (RabbitMQ, Kafka)",
                ));
                return None;
            }
            (None, None) if late_ack_counts => {
                let title = "no acknowledgement is late without `visibility_timeout` or `ack_timeout`";
                let complaint = Complaint::at(at.key("late_ack"), title, "would have no effect");
                self.complain(complaint.help("add the time within which a message must be acknowledged"));
                return None;
            }
            (None, None) => return None,
        };
        if after == 0 {
            let title = format!("`{key}` is zero");
            self.complain(Complaint::at(
                at.key(key),
                title,
                "each message would be delivered again at once, without end",
            ));
        }
        Some(Redelivery { after: Time(after), notices_death, late_ack_counts })
    }
}
