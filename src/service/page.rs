//! Pages: how many at a time, and the text that says where the next page begins.
//!
//! A page token is bound to the request it came from, so that no page of another listing is taken for the next of this
//! one. It keeps no secret and grants nothing: everything it leads to may be read without it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    digest::Digest,
    service::status::{No, PAGE_SIZE_TOO_LARGE, PLACE_INVALID},
};

/// How many items a page has when the request does not say.
const PAGE_SIZE_DEFAULT: usize = 100;
/// The most items a page may have.
const PAGE_SIZE_MAX: usize = 1_000;
/// The most bytes of items a page may have, if it has more than one item.
pub(super) const PAGE_BYTES_MAX: usize = 1_024 * 1_024;

/// Returns how many items a page may have.
pub(super) fn size(asked: u32) -> Result<usize, No> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_SIZE_DEFAULT),
        Ok(asked) if asked <= PAGE_SIZE_MAX => Ok(asked),
        _ => {
            let message = format!("page_size is {asked}, at most {PAGE_SIZE_MAX} are allowed");
            Err(No::new(PAGE_SIZE_TOO_LARGE, message).with("field", "page_size"))
        }
    }
}

/// Where the next page begins, and which size of the tree all pages speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of entries that all pages speak of.
    pub(super) tree_size: u64,
    /// The index of the entry from which on the next page lists.
    pub(super) next: u64,
}

impl Place {
    /// Writes the page token for a request, given by its kind and everything in it that chooses what is listed.
    pub(super) fn text(self, request: &Request) -> String {
        let bytes = [self.tree_size.to_be_bytes(), self.next.to_be_bytes()].concat();
        seal(request, &bytes)
    }

    /// Reads the page token of a request; `None` on the first page.
    pub(super) fn read(page_token: &str, request: &Request) -> Result<Option<Self>, No> {
        let Some(bytes) = open(request, page_token)? else { return Ok(None) };
        let (size, next) = bytes.split_at_checked(8).ok_or_else(wrong)?;
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).map_err(|_| wrong());
        let place = Self { tree_size: number(size)?, next: number(next)? };
        // Nobody was given such a place.
        if place.next > place.tree_size { Err(wrong()) } else { Ok(Some(place)) }
    }
}

/// What a page token is bound to.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// Takes the name of the call and what chooses the items that it lists.
    pub(super) fn new(call: &str, choices: &[&str]) -> Self {
        let mut bytes = Vec::new();
        for text in [call].iter().chain(choices) {
            // With its length, so that no two lists of texts make the same bytes.
            bytes.extend_from_slice(format!("{} {text} ", text.len()).as_bytes());
        }
        Self(bytes)
    }
}

/// Writes a page token that carries `bytes`.
pub(super) fn seal(request: &Request, bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([&check(request, bytes), bytes].concat())
}

/// Reads what a page token carries; `None` when there is none.
pub(super) fn open(request: &Request, page_token: &str) -> Result<Option<Vec<u8>>, No> {
    if page_token.is_empty() {
        return Ok(None);
    }
    if page_token.len() > TEXT_BYTES_MAX {
        return Err(wrong());
    }
    let decoded = URL_SAFE_NO_PAD.decode(page_token).map_err(|_| wrong())?;
    let (found, bytes) = decoded.split_at_checked(CHECK_BYTES).ok_or_else(wrong)?;
    if found == check(request, bytes) { Ok(Some(bytes.to_vec())) } else { Err(wrong()) }
}

const TEXT_BYTES_MAX: usize = 200;
const CHECK_BYTES: usize = 8;

fn check(request: &Request, bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Digest::of(&[b"counterfoil page v1\n", &request.0, b"\n", bytes]);
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest.as_bytes()[..CHECK_BYTES]);
    check
}

/// The no to a page token that did not come from the page before.
pub(super) fn wrong() -> No {
    No::new(PLACE_INVALID, "page_token is not that of the page before").with("field", "page_token")
}

#[cfg(test)]
mod tests {
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::{Place, Request, TEXT_BYTES_MAX, size};

    fn reason(result: Result<impl Sized, super::No>) -> String {
        let status = Status::from(result.err().unwrap());
        status.get_details_error_info().unwrap().reason
    }

    #[test]
    fn a_page_token_leads_to_its_place_in_the_same_listing_only() {
        let place = Place { tree_size: 1_000, next: 100 };
        let request = Request::new("ListEntries", &["agr1a", ""]);
        let page_token = place.text(&request);
        assert_eq!(Place::read(&page_token, &request).unwrap(), Some(place));
        assert_eq!(Place::read("", &request).unwrap(), None);
        for other in [
            Request::new("ListEntries", &["agr1b", ""]),
            Request::new("ListEntries", &["agr1a", "x"]),
            Request::new("ListEntries", &["agr1a"]),
            Request::new("ListBenefits", &["agr1a", ""]),
        ] {
            assert_eq!(reason(Place::read(&page_token, &other)), "PAGE_TOKEN_INVALID");
        }
    }

    #[test]
    fn a_changed_page_token_is_refused() {
        let request = Request::new("ListEntries", &["agr1a"]);
        let page_token = Place { tree_size: 7, next: 3 }.text(&request);
        for at in 0..page_token.len() {
            let other = if page_token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &page_token[..at], &page_token[at + 1..]);
            assert_eq!(reason(Place::read(&changed, &request)), "PAGE_TOKEN_INVALID", "{changed}");
        }
        for text in ["x", "====", &page_token[1..], &"A".repeat(TEXT_BYTES_MAX + 1)] {
            assert_eq!(reason(Place::read(text, &request)), "PAGE_TOKEN_INVALID", "{text}");
        }
        let beyond = Place { tree_size: 3, next: 7 }.text(&request);
        assert_eq!(reason(Place::read(&beyond, &request)), "PAGE_TOKEN_INVALID");
    }

    #[test]
    fn a_page_has_between_1_and_1000_items() {
        assert_eq!((size(0).unwrap(), size(1).unwrap(), size(1_000).unwrap()), (100, 1, 1_000));
        assert_eq!(reason(size(1_001)), "PAGE_SIZE_TOO_LARGE");
        assert_eq!(reason(size(u32::MAX)), "PAGE_SIZE_TOO_LARGE");
    }
}
