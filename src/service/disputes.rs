//! The views of disputes, of the work and of the money. What costs more than a look is computed on a copy of the books, beside the
//! ledger's only writer.

use crate::{
    agreement::dispute::Effect,
    checkpoint::SignedCheckpoint,
    proto::counterfoil::v1::{
        GetBalancesRequest, GetBalancesResponse, GetDisputeRequest, GetDisputeResponse, GetRegisterRequest,
        GetRegisterResponse, ListDisputesRequest, ListDisputesResponse, ListPeriodsRequest, ListPeriodsResponse,
        PreviewOutcomesRequest, PreviewOutcomesResponse,
    },
    sequencer::{Part, Reader},
    service::{
        agreement::{AgreementFace, Page},
        page::{self, Place},
        status::{DISPUTE_NOT_FOUND, No},
        view_dispute, view_money, view_work, views,
        wire::{self, agreement, statement_id},
    },
    statement::{id::StatementId, wire::read_outcomes},
};

/// See the protocol.
pub(super) async fn list(face: &AgreementFace, request: ListDisputesRequest) -> Result<ListDisputesResponse, No> {
    let ListDisputesRequest { agreement: text, open_only, page_size, page_token } = request;
    let (id, items_max) = (agreement(&text)?, page::size(page_size)?);
    let bound = page::Request::new("ListDisputes", &[&text, if open_only { "open" } else { "" }]);
    let place = Place::read(&page_token, &bound)?;
    let from = place.map_or(0, |place| place.next);
    let listed = face.read(id, place.map(|place| place.tree_size), Part::Books, move |reader| {
        let (law, size) = (reader.agreement(), reader.size());
        let open = law.disputes().map(|case| (case.index, view_dispute::summary_of_open(case, size)));
        let over = law.ended_disputes().iter().filter(|ended| !open_only || ended.at >= size);
        let over = over.map(|ended| (ended.index, view_dispute::summary_of_ended(ended, size)));
        let mut all: Vec<_> = open.chain(over).filter(|(index, _)| (from..size).contains(index)).collect();
        all.sort_by_key(|(index, _)| *index);
        let mut page = Page::of(items_max);
        for (index, summary) in all {
            if !page.has_room() || !page.push(summary) {
                page.next = Some(index);
                break;
            }
        }
        Ok(ListDisputesResponse {
            next_page_token: page.next_token(reader, &bound),
            disputes: page.items,
            checkpoint: Some(wire::checkpoint(reader.checkpoint())),
        })
    });
    listed.await
}

/// See the protocol.
pub(super) async fn get(face: &AgreementFace, request: GetDisputeRequest) -> Result<GetDisputeResponse, No> {
    let (id, dispute) = (agreement(&request.agreement)?, statement_id(&request.dispute_id)?);
    let now = face.now();
    let answer = face.read(id, None, Part::Books, move |reader| {
        recall(reader)?;
        let (law, size) = (reader.agreement(), reader.size());
        let checkpoint = Some(wire::checkpoint(reader.checkpoint()));
        if let Some(case) = law.dispute(&dispute) {
            let summary = Some(view_dispute::summary_of_open(case, size));
            let open = Some(view_dispute::open_dispute(law, case, now)?);
            return Ok(GetDisputeResponse { summary, open, checkpoint });
        }
        let ended = law.ended_disputes().iter().find(|ended| ended.id == dispute).ok_or_else(|| none(dispute))?;
        let summary = Some(view_dispute::summary_of_ended(ended, size));
        Ok(GetDisputeResponse { summary, open: None, checkpoint })
    });
    answer.await
}

/// See the protocol.
pub(super) async fn preview(
    face: &AgreementFace,
    request: PreviewOutcomesRequest,
) -> Result<PreviewOutcomesResponse, No> {
    let (id, dispute) = (agreement(&request.agreement)?, statement_id(&request.dispute_id)?);
    let outcomes = read_outcomes(request.outcomes).map_err(No::from)?;
    let now = face.now();
    let answer = face.read(id, None, Part::Books, move |reader| {
        recall(reader)?;
        let law = reader.agreement();
        let case = law.dispute(&dispute).ok_or_else(|| none(dispute))?;
        let effect = law.effect(dispute, &outcomes, now)?;
        let within_positions = law.is_within_positions(case, &outcomes);
        effect_answer(reader.checkpoint(), &effect, within_positions)
    });
    answer.await
}

fn effect_answer(
    checkpoint: &SignedCheckpoint,
    effect: &Effect,
    within_positions: bool,
) -> Result<PreviewOutcomesResponse, No> {
    Ok(PreviewOutcomesResponse {
        effect_digest: effect.digest.as_bytes().to_vec().into(),
        before: Some((&effect.before.settlement).into()),
        statement_before: Some(views::statement_of_account(&effect.before)?),
        after: Some((&effect.after.settlement).into()),
        statement_after: Some(views::statement_of_account(&effect.after)?),
        checkpoint: Some(wire::checkpoint(checkpoint)),
        within_positions,
    })
}

/// See the protocol.
pub(super) async fn register(face: &AgreementFace, request: GetRegisterRequest) -> Result<GetRegisterResponse, No> {
    let (id, now) = (agreement(&request.agreement)?, face.now());
    let answer = face
        .read(id, None, Part::Books, move |reader| view_work::register(reader.agreement(), reader.checkpoint(), now));
    answer.await
}

/// See the protocol.
pub(super) async fn periods(face: &AgreementFace, request: ListPeriodsRequest) -> Result<ListPeriodsResponse, No> {
    let ListPeriodsRequest { agreement: text, page_size, page_token } = request;
    let (id, items_max, now) = (agreement(&text)?, page::size(page_size)?, face.now());
    let bound = page::Request::new("ListPeriods", &[&text]);
    let place = Place::read(&page_token, &bound)?;
    let from = place.map_or(0, |place| place.next);
    let listed = face.read(id, None, Part::Books, move |reader| {
        let law = reader.agreement();
        let mut page = Page::of(items_max);
        for view in law.periods(now).iter().filter(|view| u64::from(view.period) >= from) {
            if !page.has_room() || !page.push(view_money::period(view, law.terms())) {
                page.next = Some(view.period.into());
                break;
            }
        }
        Ok(ListPeriodsResponse {
            next_page_token: page.next_token(reader, &bound),
            periods: page.items,
            next_settlement_size: law.next_settlement(now).unwrap_or_default(),
            last_statement: law.last_statement(now).map(|view| view_money::statement(&view, law.terms())),
            checkpoint: Some(wire::checkpoint(reader.checkpoint())),
        })
    });
    listed.await
}

/// See the protocol.
pub(super) async fn balances(face: &AgreementFace, request: GetBalancesRequest) -> Result<GetBalancesResponse, No> {
    let id = agreement(&request.agreement)?;
    let answer =
        face.read(id, None, Part::Books, |reader| Ok(view_money::balances(reader.agreement(), reader.checkpoint())));
    answer.await
}

/// Recalls what the account of everything in the ledger needs.
fn recall(reader: &mut Reader) -> Result<(), No> {
    let size = reader.agreement().account_size();
    reader.recall_account(size).map_err(No::from)
}

fn none(dispute: StatementId) -> No {
    No::new(DISPUTE_NOT_FOUND, format!("the agreement has no such dispute open: {dispute}")).with("field", "dispute_id")
}
