//! Payloads that are counted for as long as anybody holds them: until their statement is in its ledger, or was refused, and not
//! only until whoever sent it has gone.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// Holds `permit` until the last who holds the payload lets go of it.
pub(super) fn counted(payload: Bytes, permit: Arc<OwnedSemaphorePermit>) -> Bytes {
    Bytes::from_owner(Counted { payload, _permit: permit })
}

struct Counted {
    payload: Bytes,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}
