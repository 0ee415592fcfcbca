//! Work that costs less for many at once, on the good ones among what may be bad. Knows nothing of what is worked on.

/// Works on every item that is good, on all of them at once, and puts what comes of each beside it. What is bad keeps its place.
///
/// # Panics
///
/// If `work` does not return one outcome for each item that it is given.
pub fn with_each<T, E, O>(items: Vec<Result<T, E>>, work: impl FnOnce(&[&T]) -> Vec<O>) -> Vec<Result<(T, O), E>> {
    let good: Vec<&T> = items.iter().flatten().collect();
    let outcomes = work(&good);
    assert_eq!(outcomes.len(), good.len(), "there is one outcome for each item");
    let mut outcomes = outcomes.into_iter();
    let with_outcome = |item: Result<T, E>| match item {
        Ok(item) => outcomes.next().map(|outcome| Ok((item, outcome))),
        Err(bad) => Some(Err(bad)),
    };
    items.into_iter().filter_map(with_outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::with_each;

    #[test]
    fn what_is_bad_keeps_its_place_and_what_is_good_gets_its_own_outcome() {
        let items = vec![Err("a"), Ok(1), Ok(2), Err("b"), Ok(3)];
        let doubled = |good: &[&u32]| good.iter().map(|number| *number * 2).collect();
        assert_eq!(with_each(items, doubled), [Err("a"), Ok((1, 2)), Ok((2, 4)), Err("b"), Ok((3, 6))]);
        let none: Vec<Result<u32, &str>> = vec![Err("a")];
        assert_eq!(with_each(none, |good| vec![(); good.len()]), [Err("a")]);
    }

    #[test]
    #[should_panic(expected = "one outcome for each")]
    fn outcomes_cannot_be_given_to_others() {
        let _ = with_each(vec![Ok::<_, ()>(1), Ok(2)], |_| vec![()]);
    }
}
