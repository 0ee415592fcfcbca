//! `ExportBundle`: the ledger at one tree size, in pieces, with the memory of a few of them.

use std::{io, mem};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Extensions, Status};

use crate::{
    checkpoint::SignedCheckpoint,
    ledger::bundle::BundleWriter,
    proto::counterfoil::v1::ExportBundleResponse,
    service::{Shared, reader::hand, status::No, stop::stopping},
    statement::id::AgreementId,
};

/// The pieces of one bundle.
pub(super) type Pieces = ReceiverStream<Result<ExportBundleResponse, Status>>;

/// The most bytes of one piece; the protocol says so, too.
const PIECE_BYTES_MAX: usize = 65_536;
/// How many pieces wait for a reader who does not take them.
const PIECES_WAITING_MAX: usize = 4;
/// How many entries are read from the store at once.
const ENTRIES_READ_MAX: usize = 64;

/// Begins to export the ledger as it is now.
pub(super) async fn export(shared: &Shared, extensions: &Extensions, agreement: AgreementId) -> Result<Pieces, No> {
    let permit = shared.stream_permit(extensions)?;
    let checkpoint = shared.sequencer.checkpoint(agreement).await?;
    let (pieces, stream) = mpsc::channel(PIECES_WAITING_MAX);
    let shared = shared.clone();
    tokio::spawn(async move {
        let _permit = permit;
        let mut stop = shared.stop.clone();
        let last = tokio::select! {
            ended = write(&shared, agreement, &checkpoint, &pieces) => ended.err(),
            () = stop.stopped() => Some(stopping()),
            () = pieces.closed() => None,
        };
        if let Some(no) = last {
            // Nobody is left to be told when this fails.
            let _ = hand(&pieces, Err(no.into()), shared.config.reader_timeout).await;
        }
    });
    Ok(ReceiverStream::new(stream))
}

async fn write(
    shared: &Shared,
    agreement: AgreementId,
    checkpoint: &SignedCheckpoint,
    pieces: &mpsc::Sender<Result<ExportBundleResponse, Status>>,
) -> Result<(), No> {
    let size = checkpoint.checkpoint().size.get();
    let patience = shared.config.reader_timeout;
    let internal = |cause: io::Error| No::internal(&cause);
    let verifier = shared.sequencer.verifier(agreement);
    let mut bundle = BundleWriter::begin(Vec::new(), &verifier, size).map_err(internal)?;
    let mut next = 0;
    while next < size {
        let left = usize::try_from(size - next).unwrap_or(usize::MAX);
        for leaf in shared.sequencer.entries(agreement, next, left.min(ENTRIES_READ_MAX)).await? {
            bundle.entry(&leaf).map_err(internal)?;
            next += 1;
            while let Some(piece) = take(bundle.get_mut(), PIECE_BYTES_MAX) {
                if hand(pieces, Ok(ExportBundleResponse { chunk: piece }), patience).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    let mut rest = bundle.finish(checkpoint).map_err(internal)?;
    while let Some(piece) = take(&mut rest, 1) {
        if hand(pieces, Ok(ExportBundleResponse { chunk: piece }), patience).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes the next piece of what was written, if there are at least `min` bytes.
fn take(written: &mut Vec<u8>, min: usize) -> Option<Bytes> {
    if written.len() < min {
        return None;
    }
    let rest = written.split_off(written.len().min(PIECE_BYTES_MAX));
    Some(mem::replace(written, rest).into())
}

#[cfg(test)]
mod tests {
    use super::{PIECE_BYTES_MAX, take};

    #[test]
    fn pieces_are_whole_until_the_last_and_in_order() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(2 * PIECE_BYTES_MAX + 5).collect();
        let mut written = bytes.clone();
        let mut pieces = Vec::new();
        while let Some(piece) = take(&mut written, PIECE_BYTES_MAX) {
            assert_eq!(piece.len(), PIECE_BYTES_MAX);
            pieces.push(piece);
        }
        pieces.extend(take(&mut written, 1));
        assert_eq!(take(&mut written, 1), None);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), bytes);
    }
}
