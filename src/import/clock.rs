//! Times as load tools write them, in nanoseconds from the start of 1970.

/// A time, and how exact it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    /// Nanoseconds from the start of 1970, UTC.
    pub ns: i64,
    /// The distance of two neighbouring times in this notation, in seconds.
    pub step: f64,
}

const SECOND: i64 = 1_000_000_000;

/// A number of seconds, milliseconds, microseconds or nanoseconds from the start of 1970: which one its size tells, as a
/// number of seconds with twelve digits would be after the year 5000.
pub(super) fn unix(text: &str) -> Option<Stamp> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let scale = match number.unsigned_abs() {
        0..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let digits = fraction.len().min(9) as i32;
    let part = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse::<f64>().ok()? };
    let ns = number.checked_mul(scale)?.checked_add((part * scale as f64).round() as i64)?;
    Some(Stamp { ns, step: scale as f64 / SECOND as f64 * 10f64.powi(-digits) })
}

/// A time as RFC 3339 writes it: `2026-11-30T06:27:44.123Z`, `2026-11-30T06:27:44+01:00`.
pub(super) fn rfc3339(text: &str) -> Option<Stamp> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if !text.is_ascii()
        || bytes.len() < 20
        || bytes[4] != b'-'
        || bytes[7] != b'-'
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let number = |from: usize, to: usize| digits(&text[from..to]);
    let seconds = civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)? * 86_400 + clock(&text[11..19])?;
    let rest = &text[19..];
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.find(|sign: char| !sign.is_ascii_digit())?),
        None => ("", rest),
    };
    let zone = if matches!(zone, "Z" | "z") { 0 } else { offset(&zone.replacen(':', "", 1))? };
    stamp(seconds - zone, fraction)
}

/// A time as web servers log it: `30/Nov/2026:06:27:44 +0000`.
pub(super) fn logged(text: &str) -> Option<Stamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (time, zone) = text.split_once(' ')?;
    let mut parts = time.splitn(3, '/');
    let day = digits(parts.next()?)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let (year, time) = parts.next()?.split_once(':')?;
    stamp(civil(digits(year)?, month, day)? * 86_400 + clock(time)? - offset(zone)?, "")
}

fn stamp(seconds: i64, fraction: &str) -> Option<Stamp> {
    let kept = &fraction[..fraction.len().min(9)];
    let part = if kept.is_empty() { 0 } else { digits(kept)? * 10i64.pow(9 - kept.len() as u32) };
    Some(Stamp { ns: seconds.checked_mul(SECOND)?.checked_add(part)?, step: 10f64.powi(-(kept.len() as i32)) })
}

/// `06:27:44` in seconds.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && hour < 24 && minute < 60 && second < 61).then_some(hour * 3600 + minute * 60 + second)
}

/// `+0130` in seconds.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let number = digits(text.get(1..)?).filter(|_| text.len() == 5)?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from the start of 1970 in the proleptic Gregorian calendar (H. Hinnant, *chrono-Compatible Low-Level Date
/// Algorithms*, `days_from_civil`).
fn civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected numbers are those of `date -u -d … +%s`.
    #[test]
    fn times_are_read() {
        let ns = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.ns);
        assert_eq!(ns(logged("30/Nov/2026:06:27:44 +0000")), Some(1_796_020_064 * SECOND));
        assert_eq!(ns(logged("30/Nov/2026:07:57:44 +0130")), Some(1_796_020_064 * SECOND));
        assert_eq!(ns(rfc3339("2026-11-30T06:27:44.25Z")), Some(1_796_020_064 * SECOND + 250_000_000));
        assert_eq!(ns(rfc3339("2026-11-30T07:27:44+01:00")), Some(1_796_020_064 * SECOND));
        assert_eq!(ns(rfc3339("2024-02-29T00:00:00Z")), Some(1_709_164_800 * SECOND));
        assert_eq!(ns(unix("1796020064")), ns(unix("1796020064000")));
        assert_eq!(ns(unix("1796020064.5")), Some(1_796_020_064 * SECOND + SECOND / 2));
        for wrong in
            ["", "x", "2026-11-30T06:27", "2026-13-30T06:27:44Z", "2026-11-30T06:27:44", "2026-11-30T06:27:44.", "ä"]
        {
            assert_eq!(rfc3339(wrong), None, "{wrong}");
            assert_eq!(logged(wrong), None, "{wrong}");
        }
        assert_eq!(unix("9223372036854775808"), None);
    }

    #[test]
    fn the_step_of_a_notation_is_known() {
        assert_eq!(unix("1796020064").unwrap().step, 1.0);
        assert_eq!(unix("1796020064123").unwrap().step, 0.001);
        assert_eq!(rfc3339("2026-11-30T06:27:44.25Z").unwrap().step, 0.01);
    }
}
