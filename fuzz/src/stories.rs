//! What scripts say of terms.

#[path = "../../tests/it/stories/script.rs"]
mod script;
#[path = "../../tests/it/stories/terms/mod.rs"]
pub(crate) mod terms;

pub(crate) use terms::secret;
