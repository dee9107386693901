//! Whole numbers as a short text: base 64 variable-length quantities (the digits of ECMA-426's source maps: five bits
//! and one that says "more follows"), for what is kept of very many runs.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const NO_DIGIT: u8 = u8::MAX;

/// The value of each digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut index = 0;
    while index < DIGITS.len() {
        values[DIGITS[index] as usize] = index as u8;
        index += 1;
    }
    values
};

/// Bits of a digit that count.
const BITS: u32 = 5;

/// The bit that says that more digits follow.
const MORE: u8 = 1 << BITS;

/// Appends a number.
pub fn put(text: &mut String, mut value: u128) {
    loop {
        let digit = (value & u128::from(MORE - 1)) as u8;
        value >>= BITS;
        let more = if value > 0 { MORE } else { 0 };
        text.push(DIGITS[usize::from(digit | more)] as char);
        if value == 0 {
            return;
        }
    }
}

/// The next number; none at the end, and where something else stands.
pub fn take(bytes: &mut std::slice::Iter<u8>) -> Option<u128> {
    let (mut value, mut shift) = (0u128, 0);
    loop {
        let digit = VALUES[usize::from(*bytes.next()?)];
        if digit == NO_DIGIT || shift >= u128::BITS {
            return None;
        }
        value |= u128::from(digit & (MORE - 1)) << shift;
        shift += BITS;
        if digit & MORE == 0 {
            return Some(value);
        }
    }
}

/// A difference of either sign as a number that is small where the difference is.
#[must_use]
pub const fn zigzag(difference: i128) -> u128 {
    ((difference << 1) ^ (difference >> 127)) as u128
}

/// The difference that [`zigzag`] made a number of.
#[must_use]
pub const fn zagzig(number: u128) -> i128 {
    (number >> 1) as i128 ^ -((number & 1) as i128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in proptest::collection::vec(any::<u128>(), 0..20), shift in 0u32..128) {
            let mut text = String::new();
            numbers.iter().for_each(|number| put(&mut text, number >> shift));
            let mut bytes = text.as_bytes().iter();
            for number in &numbers {
                prop_assert_eq!(take(&mut bytes), Some(number >> shift));
            }
            prop_assert_eq!(take(&mut bytes), None);
        }

        #[test]
        fn differences_come_back(difference in any::<i128>()) {
            prop_assert_eq!(zagzig(zigzag(difference)), difference);
        }
    }

    #[test]
    fn small_differences_are_short() {
        let digits = |difference| {
            let mut text = String::new();
            put(&mut text, zigzag(difference));
            text.len()
        };
        assert_eq!([0, 1, -1, 15, -16, 16].map(digits), [1, 1, 1, 1, 1, 2]);
    }
}
