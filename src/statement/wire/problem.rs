//! What can be wrong with one field, and where: paths are built only when something is wrong.

use crate::{
    keys::KeyError,
    split::RatioError,
    statement::terms::{CurrencyCodeError, NameError},
    time::TimeError,
};

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldProblem {
    /// It must be given.
    #[error("missing")]
    Missing,
    /// It must not be given here.
    #[error("must not be given here")]
    NotAllowed,
    /// Its bytes are too many.
    #[error("has {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// Its bytes are not as many as they must be.
    #[error("has {bytes} bytes, expected {expected}")]
    Length {
        /// How many it has.
        bytes: usize,
        /// How many it must have.
        expected: usize,
    },
    /// The list is too long.
    #[error("has {count} items, at most {max} are allowed")]
    TooMany {
        /// How many it has.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// The list is too short.
    #[error("has {count} items, at least {min} are needed")]
    TooFew {
        /// How many it has.
        count: usize,
        /// How many it must have.
        min: usize,
    },
    /// The list has an item again.
    #[error("is the same as item {first} of its list")]
    Duplicate {
        /// The position of the same item, from 0.
        first: usize,
    },
    /// The list must ascend.
    #[error("must come before the item in front of it")]
    NotAscending,
    /// The fraction has no denominator.
    #[error("the denominator is zero")]
    DenominatorZero,
    /// The fraction is not in lowest terms.
    #[error("{numerator}/{denominator} is not in lowest terms")]
    NotReduced {
        /// The numerator given.
        numerator: u64,
        /// The denominator given.
        denominator: u64,
    },
    /// A contribution of nothing.
    #[error("a quantity of zero contributes nothing")]
    QuantityZero,
    /// It must be greater than zero.
    #[error("must be greater than zero")]
    Zero,
    /// The fraction is greater than one.
    #[error("must be at most 1")]
    AboveOne,
    /// The fraction is one or greater.
    #[error("must be less than 1")]
    NotBelowOne,
    /// The number is not among those allowed.
    #[error("{found} is not within {min} to {max}")]
    OutOfRange {
        /// The number given.
        found: u64,
        /// The least allowed.
        min: u64,
        /// The greatest allowed.
        max: u64,
    },
    /// The number stands for no choice of the protocol.
    #[error("{number} stands for no choice that there is")]
    NotOneOf {
        /// The number given.
        number: i32,
    },
    /// The text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The text is no code of a currency.
    #[error(transparent)]
    Currency(#[from] CurrencyCodeError),
    /// The bytes are no key.
    #[error(transparent)]
    Key(KeyError),
    /// The number is no point in time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A time ends before it begins.
    #[error("lies before the begin")]
    EndBeforeBegin,
}

impl From<KeyError> for FieldProblem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Length { length } => Self::Length { bytes: length, expected: 32 },
            other => Self::Key(other),
        }
    }
}

impl From<RatioError> for FieldProblem {
    fn from(error: RatioError) -> Self {
        match error {
            RatioError::NotReduced { numerator, denominator } => Self::NotReduced { numerator, denominator },
            // The errors of texts cannot come from two numbers.
            RatioError::DenominatorZero | RatioError::Text { .. } | RatioError::TooLarge { .. } => {
                Self::DenominatorZero
            }
        }
    }
}

/// A problem and the path to its field: `contribution.artifacts[2].digest`.
#[derive(Debug)]
pub(super) struct FieldError {
    pub(super) path: String,
    pub(super) problem: FieldProblem,
}

impl<P: Into<FieldProblem>> From<P> for FieldError {
    fn from(problem: P) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }
}

/// Says in which field a problem was found.
pub(super) trait Within<T> {
    /// Puts `field` in front of the path.
    fn within(self, field: &str) -> Result<T, FieldError>;
    /// Puts the position in a list in front of the path.
    fn at(self, position: usize) -> Result<T, FieldError>;
}

impl<T, E: Into<FieldError>> Within<T> for Result<T, E> {
    fn within(self, field: &str) -> Result<T, FieldError> {
        self.map_err(|error| {
            let FieldError { path, problem } = error.into();
            let joint = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            FieldError { path: format!("{field}{joint}{path}"), problem }
        })
    }

    fn at(self, position: usize) -> Result<T, FieldError> {
        self.within(&format!("[{position}]"))
    }
}
