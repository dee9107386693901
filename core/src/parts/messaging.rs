//! What outlasts an answer: messages, jobs, views; and caches.

pub(crate) mod broker;
pub(crate) mod cache;
pub(crate) mod job;
pub(crate) mod message;
pub(crate) mod view;
