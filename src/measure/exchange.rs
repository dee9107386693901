//! One request and its answer.

use http_body_util::BodyExt;
use hyper::body::Bytes;

use super::cause::Cause;
use super::pool::Pool;
use super::record::Flight;
use super::request::Sendable;

/// Kept connections that the server may have closed before a request was sent; with one more, the request fails.
const STALE: u32 = 3;

/// Sends a request and reads the whole answer, noting when each part happened. Returns the status.
pub(super) async fn exchange(pool: &Pool, mut request: Sendable, flight: &mut Flight) -> Result<u16, Cause> {
    let mut stale = 0;
    loop {
        let mut held = pool.take().await?;
        flight.connected(held.number, held.reused);
        let answer = match held.line.send(request).await {
            Ok(answer) => answer,
            Err(unanswered) => match unanswered.request {
                // The server closed the connection while it was free: nothing was sent.
                Some(unsent) if held.reused && stale < STALE => {
                    stale += 1;
                    request = unsent;
                    continue;
                }
                _ => return Err(unanswered.cause),
            },
        };
        let status = answer.status().as_u16();
        flight.answered(status);
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Cause::of_hyper(&error))?;
            flight.received(frame.data_ref().map_or(0, Bytes::len));
        }
        pool.give(held);
        return Ok(status);
    }
}
