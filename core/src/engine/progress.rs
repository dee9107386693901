//! How far the present operation of a token has got.
//!
//! A token has one byte for it, so that a token stays at 64 bytes. Each operation reads that byte as its own enum of phases
//! and matches all of them by name. Zero is the beginning of every operation.

/// See the module. What it means depends on the operation at the token's program counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(u8);

impl Progress {
    /// The operation has not begun.
    pub const BEGIN: Self = Self(0);

    /// The phase of an operation that only counts, rounds of an event loop for example.
    pub fn counted(count: u8) -> Self {
        Self(count)
    }

    /// What such an operation has counted.
    pub fn count(self) -> u8 {
        self.0
    }
}

/// Declares the phases of an operation, in the order in which it goes through them, the first being its beginning.
macro_rules! phases {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$doc:meta])* $phase:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[$doc])* $phase,)+
        }

        impl From<crate::engine::progress::Progress> for $name {
            #[inline]
            fn from(phase: crate::engine::progress::Progress) -> Self {
                const ALL: &[$name] = &[$($name::$phase),+];
                ALL[usize::from(phase.count()).min(ALL.len() - 1)]
            }
        }

        impl From<$name> for crate::engine::progress::Progress {
            #[inline]
            fn from(at: $name) -> Self {
                Self::counted(at as u8)
            }
        }
    };
}

pub(crate) use phases;
