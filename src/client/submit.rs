//! One statement at a time.

use crate::{
    checkpoint::note::NoteVerifier,
    client::{Client, ClientError, Recorded, check::Sent},
    envelope::Envelope,
    proto::counterfoil::v1::{Receipt, SubmitStatementRequest},
};

impl Client {
    /// Submits a statement and checks its receipt. Tries again what may work later, with the same envelope.
    ///
    /// With `verifier`, the receipt must be of that log; without, of the log the server says it is ([`Self::log_key`]).
    /// Errors: [`ClientError`]; after [`ClientError::Unreachable`] and [`ClientError::Busy`] it is unknown whether the
    /// statement was recorded, and submitting the same envelope again tells.
    pub async fn submit(
        &mut self,
        envelope: Envelope,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Recorded, ClientError> {
        let sent = Sent::new(envelope);
        let receipt = match self.call_submit(&sent, false).await {
            Err(ClientError::Refused(refused)) => {
                return Err(ClientError::Refused(self.with_signed(&sent, refused, verifier).await?));
            }
            answer => answer?,
        };
        let receipt = receipt.ok_or(ClientError::Answer { call: "SubmitStatement", what: "the receipt is missing" })?;
        let verifier = self.verifier(sent.agreement, verifier).await?;
        self.check_receipt(&sent, receipt, &verifier)
    }

    /// Asks whether a statement would be admitted now; writes nothing.
    ///
    /// Errors: [`ClientError::Refused`] if it would not.
    pub async fn validate(&mut self, envelope: Envelope) -> Result<(), ClientError> {
        self.call_submit(&Sent::new(envelope), true).await.map(|_| ())
    }

    async fn call_submit(&self, sent: &Sent, validate_only: bool) -> Result<Option<Receipt>, ClientError> {
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        loop {
            let request = SubmitStatementRequest { envelope: Some(sent.to_proto()), validate_only };
            match ledgers.submit_statement(request).await {
                Ok(response) => return Ok(response.into_inner().receipt),
                Err(status) => tries.again(status).await?,
            }
        }
    }
}
